# The speed of fans, by temperatures.
{ config, lib, pkgs, ... }:
let
  cfg = config.hardware.fancontrol;
in
{
  options.hardware.fancontrol = {
    enable = lib.mkEnableOption "fancontrol, which sets the speed of fans by temperatures";
    config = lib.mkOption {
      type = lib.types.lines;
      description = "Its configuration, as {manpage}`pwmconfig(8)` writes it.";
    };
  };
  config = lib.mkIf cfg.enable {
    systemd.services.fancontrol = {
      description = "Set the speed of fans";
      documentation = [ "man:fancontrol(8)" ];
      wantedBy = [ "multi-user.target" ];
      after = [ "lm_sensors.service" ];
      serviceConfig = {
        Restart = "on-failure";
        ExecStart = "${pkgs.fancontrol}/sbin/fancontrol ${pkgs.writeText "fancontrol.conf" cfg.config}";
      };
    };
  };
}
