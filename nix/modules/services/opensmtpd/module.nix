# OpenSMTPD: mail with a small configuration.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag names;
  cfg = config.services.opensmtpd;
  file = pkgs.writeText "smtpd.conf" cfg.serverConfiguration;
  # The same program is `sendmail`, by its name.
  sendmail = pkgs.runCommandLocal "opensmtpd-sendmail" { } ''
    mkdir -p $out/bin
    ln -s /run/wrappers/bin/smtpctl $out/bin/sendmail
  '';
  wrapper = {
    owner = "root";
    group = "opensmtpq";
    setgid = true;
    source = "${cfg.package}/bin/smtpctl";
  };
in
{
  imports = [
    (lib.mkRenamedOptionModule [ "services" "opensmtpd" "addSendmailToSystemPath" ] [ "services" "opensmtpd" "setSendmail" ])
  ];
  options.services.opensmtpd = {
    enable = lib.mkEnableOption "OpenSMTPD, a mail server";
    package = lib.mkPackageOption pkgs "opensmtpd" { };
    setSendmail = flag true "Whether `sendmail` is OpenSMTPD's.";
    extraServerArgs = names "Further arguments.";
    serverConfiguration = mkOption {
      type = types.lines;
      example = ''
        listen on lo
        action "local" maildir
        match for local action "local"
      '';
      description = "The configuration, `smtpd.conf(5)`.";
    };
    procPackages = mkOption {
      type = types.listOf types.package;
      default = [ ];
      description = "Packages with filters, tables and queues.";
    };
  };
  config = lib.mkIf cfg.enable {
    environment.systemPackages = lib.optional (!cfg.setSendmail) cfg.package ++ lib.optional cfg.setSendmail sendmail;
    # It looks for its own programs, and for filters, in /usr/libexec/opensmtpd.
    system.usrPackages = [ cfg.package ] ++ cfg.procPackages;
    security.wrappers.smtpctl = wrapper;
    services.mail.sendmailSetuidWrapper = lib.mkIf cfg.setSendmail wrapper;
    # Debian's has these names compiled in.
    users.users = {
      opensmtpd = {
        description = "OpenSMTPD process user";
        isSystemUser = true;
        group = "opensmtpd";
        home = "/var/lib/opensmtpd/empty";
      };
      opensmtpq = {
        description = "OpenSMTPD queue user";
        isSystemUser = true;
        group = "opensmtpq";
        home = "/var/empty";
      };
    };
    users.groups = {
      opensmtpd = { };
      opensmtpq = { };
    };
    systemd.tmpfiles.rules = [
      "d /var/lib/opensmtpd/empty 0755 root root - -"
      "d /var/spool/smtpd 711 root - - -"
      "d /var/spool/smtpd/offline 770 root opensmtpq - -"
      "d /var/spool/smtpd/purge 700 opensmtpq root - -"
    ];
    systemd.services.opensmtpd = {
      description = "OpenSMTPD";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      restartTriggers = [ file ];
      serviceConfig.ExecStart = "${cfg.package}/bin/smtpd -d -f ${file} ${lib.concatStringsSep " " cfg.extraServerArgs}";
    };
  };
}
