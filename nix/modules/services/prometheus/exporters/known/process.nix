# Processes by name.
{ cfg, lib, pkgs, ... }:
{
  port = 9256;
  options.settings.process_names = lib.mkOption {
    type = lib.types.listOf lib.types.anything;
    default = [ ];
    description = "Which processes are told of.";
  };
  service.serviceConfig = {
    DynamicUser = false;
    ExecStart = lib.concatStringsSep " " (
      [
        (lib.getExe pkgs.prometheus-process-exporter)
        "--web.listen-address ${cfg.listenAddress}:${toString cfg.port}"
        "--config.path ${(pkgs.formats.yaml { }).generate "process-exporter.yaml" cfg.settings}"
      ]
      ++ cfg.extraFlags
    );
  };
}
