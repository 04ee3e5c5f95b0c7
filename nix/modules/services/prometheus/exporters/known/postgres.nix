# PostgreSQL.
{ cfg, config, kinds, lib, pkgs, ... }:
let
  inherit (lib) types;
in
{
  port = 9187;
  options = {
    telemetryPath = kinds.text "/metrics" "Path that is asked for.";
    dataSourceName = kinds.text "user=postgres database=postgres host=/run/postgresql sslmode=disable" "Which database.";
    runAsLocalSuperUser = kinds.flag false "Whether it is the database's own user.";
    environmentFile = kinds.maybe types.path "File with variables, such as `DATA_SOURCE_NAME`.";
  };
  service = {
    environment.DATA_SOURCE_NAME = cfg.dataSourceName;
    serviceConfig = {
      DynamicUser = false;
      User = lib.mkIf cfg.runAsLocalSuperUser (lib.mkForce "postgres");
      EnvironmentFile = lib.mkIf (cfg.environmentFile != null) [ cfg.environmentFile ];
      ExecStart = lib.concatStringsSep " " (
        [
          (lib.getExe pkgs.prometheus-postgres-exporter)
          "--web.listen-address ${cfg.listenAddress}:${toString cfg.port}"
          "--web.telemetry-path ${cfg.telemetryPath}"
        ]
        ++ cfg.extraFlags
      );
      RestrictAddressFamilies = [ "AF_UNIX" ];
    };
  };
}
