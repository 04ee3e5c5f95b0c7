# The same interfaces, made by systemd-networkd.
{
  lib,
  cfg,
  refreshOf,
}:
let
  only = lib.filterAttrs (_: value: value != null);
  named = name: lib.nameValuePair "40-${name}";
in
{
  assertions = lib.mapAttrsToList (name: i: {
    assertion =
      i.privateKey == null
      && !i.generatePrivateKeyFile
      && i.preSetup + i.postSetup + i.preShutdown + i.postShutdown == ""
      && i.socketNamespace == null
      && i.interfaceNamespace == null
      && lib.all (p: p.presharedKey == null && refreshOf i p == 0) i.peers;
    message = "networking.wireguard.interfaces.${name}: commands, namespaces, looking up again and keys in the store are not for networkd; set `networking.wireguard.useNetworkd = false`.";
  }) cfg.interfaces;
  systemd.network.enable = true;
  systemd.network.netdevs = lib.mapAttrs' (
    name: i:
    named name {
      netdevConfig = only {
        Kind = "wireguard";
        Name = name;
        MTUBytes = i.mtu;
      };
      wireguardConfig = only {
        PrivateKeyFile = i.privateKeyFile;
        ListenPort = i.listenPort;
        FirewallMark = i.fwMark;
        RouteTable = if i.allowedIPsAsRoutes then i.table else null;
        RouteMetric = i.metric;
      };
      wireguardPeers = map (
        p:
        only {
          PublicKey = p.publicKey;
          PresharedKeyFile = p.presharedKeyFile;
          AllowedIPs = p.allowedIPs;
          Endpoint = p.endpoint;
          PersistentKeepalive = p.persistentKeepalive;
        }
      ) i.peers;
    }
  ) cfg.interfaces;
  systemd.network.networks = lib.mapAttrs' (
    name: i:
    named name {
      matchConfig.Name = name;
      address = i.ips;
    }
  ) cfg.interfaces;
}
