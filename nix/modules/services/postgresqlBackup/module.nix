# Regular copies of PostgreSQL's databases.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.postgresqlBackup;
  suffix = { gzip = ".gz"; zstd = ".zstd"; none = ""; }.${cfg.compression};
  compress = {
    gzip = "${pkgs.gzip}/bin/gzip -c -${toString cfg.compressionLevel}";
    zstd = "${pkgs.zstd}/bin/zstd -c -${toString cfg.compressionLevel}";
    none = "cat";
  }.${cfg.compression};
  service = database: dump: {
    enable = true;
    description = "Backup of ${database} database(s)";
    requires = [ "postgresql.target" ];
    path = [ pkgs.coreutils config.services.postgresql.package ];
    startAt = cfg.startAt;
    script = ''
      set -e -o pipefail
      umask 0077
      if [ -e ${cfg.location}/${database}.sql${suffix} ]; then
        mv ${cfg.location}/${database}.sql${suffix} ${cfg.location}/${database}.prev.sql${suffix}
      fi
      ${dump} | ${compress} > ${cfg.location}/${database}.in-progress.sql${suffix}
      mv ${cfg.location}/${database}.in-progress.sql${suffix} ${cfg.location}/${database}.sql${suffix}
    '';
    serviceConfig = {
      Type = "oneshot";
      User = "postgres";
    };
  };
in
{
  options.services.postgresqlBackup = {
    enable = lib.mkEnableOption "copies of PostgreSQL's databases";
    startAt = mkOption {
      type = types.either types.str (types.listOf types.str);
      default = "*-*-* 01:15:00";
      description = "When.";
    };
    backupAll = mkOption {
      type = types.bool;
      default = cfg.databases == [ ];
      defaultText = lib.literalExpression "databases == [ ]";
      description = "Whether all databases are copied into one file.";
    };
    databases = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Databases, each with a file of its own.";
    };
    location = mkOption {
      type = types.path;
      default = "/var/backup/postgresql";
      description = "Folder of the copies.";
    };
    pgdumpOptions = mkOption {
      type = types.separatedString " ";
      default = "-C";
      description = "Arguments of `pg_dump`.";
    };
    compression = mkOption {
      type = types.enum [ "none" "gzip" "zstd" ];
      default = "gzip";
      description = "How copies are compressed.";
    };
    compressionLevel = mkOption {
      type = types.ints.between 1 19;
      default = 6;
      description = "How much.";
    };
  };
  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.backupAll -> cfg.databases == [ ];
        message = "services.postgresqlBackup: either backupAll or databases.";
      }
    ];
    systemd.tmpfiles.rules = [ "d '${cfg.location}' 0700 postgres - - -" ];
    systemd.services =
      if cfg.backupAll then
        { postgresqlBackup = service "all" "pg_dumpall"; }
      else
        lib.listToAttrs (
          map (
            db: lib.nameValuePair "postgresqlBackup-${db}" (service db "pg_dump ${cfg.pgdumpOptions} ${db}")
          ) cfg.databases
        );
  };
}
