# Files and folders that users' own service managers make and remove (`systemd-tmpfiles --user`).
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.systemd.user.tmpfiles;
  rules = mkOption {
    type = types.listOf types.str;
    default = [ ];
    example = [ "D %C - - - 7d" ];
    description = "Lines in the format of {manpage}`tmpfiles.d(5)`.";
  };
  # Profiles' `etc/xdg` is where it looks; of files with one name it takes the first.
  package =
    name: lines: lib.optional (lines != [ ]) (pkgs.writeTextDir "etc/xdg/user-tmpfiles.d/00-nixos${name}.conf" (lib.concatLines lines));
  upstream = wantedBy: {
    overrideStrategy = "asDropin";
    inherit wantedBy;
  };
in
{
  options.systemd.user.tmpfiles = {
    enable = mkOption {
      type = types.bool;
      default = true;
      description = "Whether users' files are made and removed.";
    };
    inherit rules;
    users = mkOption {
      type = types.attrsOf (types.submodule { options = { inherit rules; }; });
      default = { };
      description = "The same for single users, by name.";
    };
  };
  config = lib.mkIf (cfg.enable && (cfg.rules != [ ] || cfg.users != { })) {
    environment.systemPackages = package "" cfg.rules;
    users.users = lib.mapAttrs (name: user: { packages = package "-${name}" user.rules; }) cfg.users;
    systemd.user.services.systemd-tmpfiles-setup = upstream [ "basic.target" ] // { enableDefaultPath = false; };
    # At a switch.
    system.userActivationScripts.tmpfiles = "${pkgs.systemd}/bin/systemd-tmpfiles --user --create --remove";
    systemd.user.timers.systemd-tmpfiles-clean = upstream [ "timers.target" ];
  };
}
