# Each option of units once.
{ pkgs, lib, ... }:
{
  boot.isContainer = true;
  systemd.globalEnvironment.GLOBAL = "g";
  systemd.services.all = {
    description = "Everything";
    documentation = [ "man:all(1)" ];
    after = [ "a.service" "b.service" ];
    requires = [ "a.service" ];
    conflicts = [ "c.service" ];
    environment = {
      QUOTED = ''a "b" $c'';
      GONE = null;
    };
    path = [ pkgs.git ];
    preStart = "echo pre";
    script = "echo main";
    scriptArgs = "%i";
    postStop = "echo post";
    startAt = [ "daily" ];
    restartTriggers = [ "one" [ "two" ] ];
    restartIfChanged = false;
    serviceConfig = {
      Restart = "always";
      ExecStartPre = [ "/extra" ];
      PrivateTmp = true;
      ReadWritePaths = [ "/a" "/b" ];
    };
    unitConfig.ConditionPathExists = "/x";
    startLimitBurst = 3;
  };
  systemd.services.off.enable = false;
  systemd.services."template@" = {
    enableDefaultPath = false;
    serviceConfig.ExecStart = "/run %i";
    stopIfChanged = false;
  };
  systemd.sockets.s = {
    wantedBy = [ "sockets.target" ];
    listenStreams = [ "80" "/run/s" ];
    socketConfig.Accept = true;
  };
  systemd.timers.t.timerConfig.OnBootSec = "5min";
  systemd.targets.goal.wantedBy = [ "multi-user.target" ];
  systemd.mounts = [
    {
      what = "/dev/sdb";
      where = "/mnt/my-disk";
      type = "ext4";
    }
  ];
  systemd.tmpfiles.rules = [ "d /var/lib/x 0755 root root -" ];
}
