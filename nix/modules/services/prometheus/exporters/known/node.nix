# The machine itself.
{ cfg, kinds, lib, pkgs, ... }:
let
  isOn = name: lib.elem name cfg.enabledCollectors;
  isOff = name: lib.elem name cfg.disabledCollectors;
in
{
  port = 9100;
  options = {
    enabledCollectors = kinds.names "What is told besides the usual.";
    disabledCollectors = kinds.names "What is not told.";
  };
  service.serviceConfig = {
    DynamicUser = false;
    # Where Debian's looks for texts of others.
    StateDirectory = "prometheus/node-exporter";
    RuntimeDirectory = "prometheus-node-exporter";
    ExecStart = lib.concatStringsSep " " (
      [ (lib.getExe pkgs.prometheus-node-exporter) ]
      ++ map (name: "--collector.${name}") cfg.enabledCollectors
      ++ map (name: "--no-collector.${name}") cfg.disabledCollectors
      ++ [ "--web.listen-address ${cfg.listenAddress}:${toString cfg.port}" ]
      ++ cfg.extraFlags
    );
    RestrictAddressFamilies =
      lib.optional (isOn "logind" || isOn "systemd") "AF_UNIX"
      ++ lib.optional (isOn "network_route" || isOn "wifi" || !isOff "netdev") "AF_NETLINK";
    # Reading how well the clock is kept is setting it, as system calls go.
    ProtectClock = isOff "timex";
  };
}
