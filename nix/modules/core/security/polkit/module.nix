# Polkit: asks whether a program may do what needs rights.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../../../option-kinds.nix { inherit lib; }) flag lines;
  cfg = config.security.polkit;
in
{
  options.security.polkit = {
    enable = flag false "Whether polkit decides what users may do.";
    debug = flag false "Whether it writes to the journal what it decides.";
    package = lib.mkPackageOption pkgs "polkit" { };
    extraConfig = lines "Rules, in JavaScript.";
    adminIdentities = mkOption {
      type = types.listOf types.str;
      default = [ "unix-group:wheel" ];
      description = "Whose password counts as an administrator's.";
    };
  };
  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ];
    services.dbus.packages = [ cfg.package ];
    systemd.packages = [ cfg.package ];
    systemd.services.polkit = {
      overrideStrategy = "asDropin";
      enableDefaultPath = false;
      restartTriggers = [ config.environment.etc."polkit-1/rules.d/10-system.rules".source ];
    };
    environment.etc."polkit-1/rules.d/10-system.rules".text = ''
      polkit.addAdminRule(function(action, subject) {
        return [${lib.concatMapStringsSep ", " builtins.toJSON cfg.adminIdentities}];
      });

      ${cfg.extraConfig}
    '';
    # Debian's name of the account.
    users.users.polkitd = {
      description = "The account of polkit";
      isSystemUser = true;
      group = "polkitd";
    };
    users.groups.polkitd = { };
  };
}
