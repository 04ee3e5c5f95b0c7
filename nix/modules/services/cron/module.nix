# cron: commands at times that people and the machine's configuration name.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) maybe names;
  cfg = config.services.cron;
  systemJobs = pkgs.writeText "system-crontab" (
    ''
      SHELL=${pkgs.bash}/bin/bash
      PATH=${config.system.path}/bin:${config.system.path}/sbin
    ''
    + lib.optionalString (cfg.mailto != null) "MAILTO=\"${cfg.mailto}\"\n"
    + "NIX_CONF_DIR=/etc/nix\n"
    + lib.concatLines cfg.systemCronJobs
  );
  files = lib.optional (cfg.systemCronJobs != [ ]) systemJobs ++ cfg.cronFiles;
in
{
  options.services.cron = {
    enable = lib.mkEnableOption "cron, which starts commands at set times";
    mailto = maybe types.str "Who gets the output of the machine's jobs by mail.";
    systemCronJobs = names "Jobs of the machine: times, user and command.";
    cronFiles = mkOption {
      type = types.listOf types.path;
      default = [ ];
      description = "Files with further jobs of the machine.";
    };
  };
  config = lib.mkMerge [
    { services.cron.enable = lib.mkDefault (files != [ ]); }
    (lib.mkIf cfg.enable {
      environment.systemPackages = [ pkgs.cron ];
      # Debian's runs as the group that may write there.
      security.wrappers.crontab = {
        setuid = true;
        owner = "root";
        group = "root";
        source = "${pkgs.cron}/bin/crontab";
      };
      environment.etc.crontab = {
        source = pkgs.runCommandLocal "crontab" { inherit files; } ''
          touch $out
          for file in $files; do cat "$file" >> $out; done
        '';
        mode = "0600";
      };
      security.pam.services.cron = lib.mkDefault { };
      users.groups.crontab = { };
      systemd.tmpfiles.rules = [ "d /var/spool/cron/crontabs 1730 root crontab -" ];
      systemd.services.cron = {
        description = "Cron Daemon";
        wantedBy = [ "multi-user.target" ];
        restartTriggers = [ config.time.timeZone ];
        serviceConfig.ExecStart = "${pkgs.cron}/bin/cron -f";
      };
    })
  ];
}
