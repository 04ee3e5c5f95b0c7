# Other machines, asked over the network.
{ cfg, kinds, lib, pkgs, ... }:
let
  file =
    if cfg.enableConfigCheck then
      pkgs.runCommandLocal "checked-blackbox-exporter.conf" { } ''
        ln -s ${cfg.configFile} $out
        ${lib.getExe pkgs.prometheus-blackbox-exporter} --config.check --config.file $out
      ''
    else
      cfg.configFile;
in
{
  port = 9115;
  options = {
    configFile = lib.mkOption {
      type = lib.types.path;
      description = "The configuration.";
    };
    enableConfigCheck = kinds.flag true "Whether the configuration is checked when the machine is built.";
  };
  service.serviceConfig = {
    AmbientCapabilities = [ "CAP_NET_RAW" ];
    CapabilityBoundingSet = [ "CAP_NET_RAW" ];
    ExecStart = lib.concatStringsSep " " (
      [
        (lib.getExe pkgs.prometheus-blackbox-exporter)
        "--web.listen-address ${cfg.listenAddress}:${toString cfg.port}"
        "--config.file ${file}"
      ]
      ++ cfg.extraFlags
    );
    ExecReload = "${pkgs.coreutils}/bin/kill -HUP $MAINPID";
  };
}
