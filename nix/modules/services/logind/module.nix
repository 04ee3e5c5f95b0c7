# logind: sessions, seats and power keys; started when D-Bus or a login asks for it.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.logind;
  action = types.enum [
    "ignore"
    "poweroff"
    "reboot"
    "halt"
    "kexec"
    "suspend"
    "hibernate"
    "hybrid-sleep"
    "suspend-then-hibernate"
    "lock"
  ];
  key =
    default: description:
    mkOption {
      type = action;
      inherit default description;
    };
in
{
  options.services.logind = {
    enable = mkOption {
      type = types.bool;
      default = true;
      description = "Whether logind is there.";
    };
    killUserProcesses = mkOption {
      type = types.bool;
      default = false;
      description = "Whether a user's processes end with the session.";
    };
    powerKey = key "poweroff" "What the power key does.";
    lidSwitch = key "suspend" "What closing the lid does.";
    lidSwitchDocked = key "ignore" "What closing the lid does when docked.";
    lidSwitchExternalPower = key cfg.lidSwitch "What closing the lid does on external power.";
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      description = "Lines of `logind.conf`.";
    };
    settings.Login = mkOption {
      type = types.attrsOf (types.oneOf [ types.bool types.int types.str ]);
      default = { };
      description = "Settings of `logind.conf`.";
    };
  };
  config = lib.mkMerge [
    (lib.mkIf cfg.enable {
      environment.etc."systemd/logind.conf".text = ''
        [Login]
        KillUserProcesses=${if cfg.killUserProcesses then "yes" else "no"}
        HandlePowerKey=${cfg.powerKey}
        HandleLidSwitch=${cfg.lidSwitch}
        HandleLidSwitchDocked=${cfg.lidSwitchDocked}
        HandleLidSwitchExternalPower=${cfg.lidSwitchExternalPower}
        ${lib.concatStrings (lib.mapAttrsToList (n: v: "${n}=${if lib.isBool v then lib.boolToString v else toString v}\n") cfg.settings.Login)}${cfg.extraConfig}'';
    })
    {
      # Nobody waits for logind during the boot: D-Bus starts it with the first login.
      # It starts the users who linger.
      systemd.startedOnDemand = lib.mkIf (!lib.any (user: user.linger == true) (
        lib.attrValues config.users.users
      )) [ "multi-user.target.wants/systemd-logind.service" ];
      systemd.suppressedSystemUnits = lib.optional (!cfg.enable) "systemd-logind.service";
    }
  ];
}
