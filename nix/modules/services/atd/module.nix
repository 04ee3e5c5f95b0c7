# Atd, which runs commands at a given time.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkIf;
  cfg = config.services.atd;
in
{
  options.services.atd = {
    enable = lib.mkEnableOption "atd, which runs commands at a given time";
    allowEveryone = lib.mkEnableOption "`at` for all users";
  };
  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ pkgs.at ];
    security.pam.services.atd = { };
    # Debian's `at` keeps its jobs as this user.
    users.users.daemon = {
      isSystemUser = true;
      group = "daemon";
    };
    users.groups.daemon = { };
    security.wrappers = lib.genAttrs [ "at" "atq" "atrm" ] (name: {
      source = "${pkgs.at}/bin/${name}";
      owner = "daemon";
      group = "daemon";
      setuid = true;
      setgid = true;
      permissions = "u+rx,g+x,o+x";
    });
    systemd.tmpfiles.rules = [
      "d /var/spool/cron 0755 root root"
      "d /var/spool/cron/atjobs 1770 daemon daemon"
      "d /var/spool/cron/atspool 1770 daemon daemon"
      "f /var/spool/cron/atjobs/.SEQ 0600 daemon daemon"
    ];
    # Without a list of those who may not, nobody but root may.
    environment.etc."at.deny" = lib.mkDefault {
      text = "";
      mode = "0644";
    };
    systemd.services.atd = {
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      description = "Job Execution Daemon (atd)";
      path = [ pkgs.at ];
      serviceConfig.ExecStart = "${pkgs.at}/bin/atd -f";
    };
  };
}
