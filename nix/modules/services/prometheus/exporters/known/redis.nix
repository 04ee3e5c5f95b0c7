# Redis.
{ cfg, lib, pkgs, ... }:
{
  port = 9121;
  service.serviceConfig.ExecStart = lib.concatStringsSep " " (
    [ "${lib.getExe pkgs.prometheus-redis-exporter}" "-web.listen-address ${cfg.listenAddress}:${toString cfg.port}" ] ++ cfg.extraFlags
  );
}
