# Tuptime, which counts how long the machine has run.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption mkIf types;
  cfg = config.services.tuptime;
in
{
  options.services.tuptime = {
    enable = lib.mkEnableOption "tuptime, which counts how long the machine has run";
    timer.enable = mkOption {
      type = types.bool;
      default = true;
      description = "Whether it is brought up to date regularly.";
    };
    timer.period = mkOption {
      type = types.str;
      default = "*:0/5";
      description = "When.";
    };
  };
  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ pkgs.tuptime ];
    users.users._tuptime = {
      isSystemUser = true;
      group = "_tuptime";
      description = "tuptime database owner";
    };
    users.groups._tuptime = { };
    systemd.services.tuptime = {
      description = "The total uptime service";
      wantedBy = [ "multi-user.target" ];
      serviceConfig = {
        StateDirectory = "tuptime";
        Type = "oneshot";
        User = "_tuptime";
        RemainAfterExit = true;
        ExecStart = "${pkgs.tuptime}/bin/tuptime -q";
        ExecStop = "${pkgs.tuptime}/bin/tuptime -qg";
      };
    };
    systemd.services.tuptime-sync = {
      description = "Brings tuptime up to date";
      serviceConfig = {
        Type = "oneshot";
        User = "_tuptime";
        ExecStart = "${pkgs.tuptime}/bin/tuptime -q";
      };
    };
    systemd.timers.tuptime-sync = mkIf cfg.timer.enable {
      wantedBy = [ "timers.target" ];
      timerConfig = {
        OnCalendar = cfg.timer.period;
        OnBootSec = "1min";
      };
    };
  };
}
