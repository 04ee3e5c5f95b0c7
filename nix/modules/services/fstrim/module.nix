# Tells drives now and then which blocks are free.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.fstrim;
in
{
  options.services.fstrim = {
    enable = lib.mkEnableOption "trimming of file systems on drives that want it, by a timer";
    interval = lib.mkOption {
      type = lib.types.str;
      default = "weekly";
      description = "When it is done, as {manpage}`systemd.time(7)` has it.";
    };
  };
  config = lib.mkIf cfg.enable {
    systemd.services.fstrim = {
      description = "Tell drives which blocks are free";
      serviceConfig = {
        Type = "oneshot";
        ExecStart = "${pkgs.util-linux}/sbin/fstrim --listed-in /etc/fstab:/proc/self/mountinfo --verbose --quiet-unsupported";
      };
    };
    systemd.timers.fstrim = {
      wantedBy = [ "timers.target" ];
      timerConfig = {
        OnCalendar = cfg.interval;
        AccuracySec = "1h";
        Persistent = true;
        RandomizedDelaySec = "100min";
      };
    };
  };
}
