# Fans of Apple's laptops.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.mbpfan;
  format = pkgs.formats.ini { };
in
{
  options.services.mbpfan = {
    enable = lib.mkEnableOption "mbpfan, which sets the speed of the fans of Apple's laptops";
    package = lib.mkPackageOption pkgs "mbpfan" { };
    aggressive = mkOption {
      type = types.bool;
      default = true;
      description = "Whether the fans run earlier than Apple has them run.";
    };
    verbose = mkOption {
      type = types.bool;
      default = false;
      description = "Whether it writes more to the journal.";
    };
    settings = mkOption {
      inherit (format) type;
      default = { };
      description = "Settings, as in `mbpfan.conf`: temperatures in degrees Celsius, speeds in turns per minute.";
    };
  };
  config = lib.mkIf cfg.enable {
    services.mbpfan.settings.general = lib.mkIf cfg.aggressive {
      low_temp = lib.mkDefault 55;
      high_temp = lib.mkDefault 58;
      max_temp = lib.mkDefault 78;
    };
    boot.kernelModules = [
      "coretemp"
      "applesmc"
    ];
    environment.systemPackages = [ cfg.package ];
    environment.etc."mbpfan.conf".source = format.generate "mbpfan.conf" cfg.settings;
    systemd.services.mbpfan = {
      description = "Set the speed of the fans";
      wantedBy = [ "sysinit.target" ];
      after = [ "sysinit.target" ];
      restartTriggers = [ config.environment.etc."mbpfan.conf".source ];
      serviceConfig = {
        Type = "simple";
        ExecStart = "${cfg.package}/bin/mbpfan -f${lib.optionalString cfg.verbose "v"}";
        ExecReload = "${pkgs.procps}/bin/kill -HUP $MAINPID";
        PIDFile = "/run/mbpfan.pid";
        Restart = "always";
      };
    };
  };
}
