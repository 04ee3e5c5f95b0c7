# rsyslogd: logs in files.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.rsyslogd;
  file = pkgs.writeText "syslog.conf" ''
    $ModLoad imuxsock
    $SystemLogSocketName /run/systemd/journal/syslog
    $WorkDirectory /var/spool/rsyslog
    ${cfg.defaultConfig}
    ${cfg.extraConfig}
  '';
in
{
  options.services.rsyslogd = {
    enable = lib.mkEnableOption "rsyslogd, which writes logs to files";
    defaultConfig = mkOption {
      type = types.lines;
      default = ''
        # "local1" is used for dhcpd messages.
        local1.*                     -/var/log/dhcpd
        mail.*                       -/var/log/mail
        *.=warning;*.=err            -/var/log/warn
        *.crit                        /var/log/warn
        *.*;mail.none;local1.none    -/var/log/messages
      '';
      description = "Where messages go by default.";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      example = "news.* -/var/log/news";
      description = "Further lines of the configuration.";
    };
    extraParams = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "-m 0" ];
      description = "Arguments of rsyslogd.";
    };
  };
  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ pkgs.rsyslog ];
    # Its modules are loaded from there.
    system.usrPackages = [ pkgs.rsyslog ];
    services.journald.forwardToSyslog = lib.mkDefault true;
    systemd.sockets.syslog = {
      overrideStrategy = "asDropin";
      wantedBy = [ "sockets.target" ];
    };
    systemd.services.syslog = {
      description = "Syslog Daemon";
      requires = [ "syslog.socket" ];
      wantedBy = [ "multi-user.target" ];
      serviceConfig = {
        ExecStart = "${pkgs.rsyslog}/bin/rsyslogd ${toString cfg.extraParams} -f ${file} -n";
        ExecStartPre = "${pkgs.coreutils}/bin/mkdir -p /var/spool/rsyslog";
        StandardOutput = "null";
      };
    };
  };
}
