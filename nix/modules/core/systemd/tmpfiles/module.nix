# Files and folders made, cleaned and removed at boot.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.systemd.tmpfiles;
  entryType = types.submodule (
    { name, ... }:
    {
      options = {
        type = mkOption {
          type = types.str;
          default = name;
          description = "Kind of the entry, such as `d` or `L+`; see {manpage}`tmpfiles.d(5)`.";
        };
        mode = mkOption {
          type = types.str;
          default = "-";
          description = "Access mode.";
        };
        user = mkOption {
          type = types.str;
          default = "-";
          description = "Owner.";
        };
        group = mkOption {
          type = types.str;
          default = "-";
          description = "Group.";
        };
        age = mkOption {
          type = types.str;
          default = "-";
          description = "Age after which content is removed.";
        };
        argument = mkOption {
          type = types.str;
          default = "";
          description = "What the kind needs besides: a link's target, a file's content.";
        };
      };
    }
  );
  line =
    path: entry:
    "'${entry.type}' '${path}' '${entry.mode}' '${entry.user}' '${entry.group}' '${entry.age}' ${
      lib.strings.escapeC [ "\t" "\n" "\r" " " "\\" ] entry.argument
    }\n";
  fileText =
    paths:
    lib.concatStrings (
      lib.concatLists (
        lib.mapAttrsToList (path: types': lib.mapAttrsToList (_: line path) types') paths
      )
    );
in
{
  options.systemd.tmpfiles = {
    textOf = mkOption {
      type = types.raw;
      internal = true;
      readOnly = true;
      default = fileText;
      description = "The text of a file from its entries.";
    };
    rules = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "d /var/lib/app 0750 app app -" ];
      description = "Lines in the format of {manpage}`tmpfiles.d(5)`.";
    };
    settings = mkOption {
      type = types.attrsOf (types.attrsOf (types.attrsOf entryType));
      default = { };
      example = {
        "10-app"."/var/lib/app".d.mode = "0755";
      };
      description = "Entries by file, path and kind.";
    };
    packages = mkOption {
      type = types.listOf types.package;
      default = [ ];
      apply = map lib.getLib;
      description = "Packages whose `lib/tmpfiles.d` the machine uses.";
    };
  };
  config.environment.etc = {
    # NixOS has no keys of root from the machine's credentials, and `/root/.ssh` is made by whoever wants it.
    "tmpfiles.d/provision.conf".text = lib.mkDefault "";
    # Debian's file of this name empties `/tmp` whenever things are removed, which every switch does: with what
    # services have there of their own.
    "tmpfiles.d/tmp.conf".text = lib.mkDefault ''
      q /tmp 1777 root root 10d
      q /var/tmp 1777 root root 30d
    '';
    "tmpfiles.d/00-nixos.conf".text = ''
      # Made from `systemd.tmpfiles.rules`.
    ''
    # Programs are given this folder as a home that stays empty. Containers may not say so.
    + lib.optionalString (!config.boot.isContainer) "h /var/empty - - - - +i\n"
    + lib.concatMapStrings (rule: rule + "\n") cfg.rules;
  }
  // lib.mapAttrs' (
    name: paths: lib.nameValuePair "tmpfiles.d/${name}.conf" { text = fileText paths; }
  ) cfg.settings;
  config.system.usrPackages = cfg.packages;
  # Switching to another configuration starts what stands before `sysinit.target` again by the first one. Without
  # `--boot`, and inactive afterwards, so that each switch runs the second.
  config.systemd.targets.sysinit-reactivation.description = "Units before sysinit.target again";
  config.systemd.services.systemd-tmpfiles-resetup = {
    description = "Temporary files of another configuration";
    requiredBy = [ "sysinit-reactivation.target" ];
    before = [ "sysinit-reactivation.target" ];
    unitConfig.DefaultDependencies = false;
    enableDefaultPath = false;
    serviceConfig = {
      Type = "oneshot";
      ExecStart = "/usr/bin/systemd-tmpfiles --create --remove --exclude-prefix=/dev";
      # Lines about users that a package names and the machine lacks are no failure.
      SuccessExitStatus = "DATAERR CANTCREAT";
    };
  };
}
