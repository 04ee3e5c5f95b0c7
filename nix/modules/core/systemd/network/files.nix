# From options to systemd-networkd's files: file name → text.
{ lib }:
cfg:
let
  show = v: if lib.isBool v then (if v then "yes" else "no") else toString v;
  lines =
    attrs:
    lib.concatStrings (
      lib.mapAttrsToList (name: v: lib.concatMapStrings (one: "${name}=${show one}\n") (lib.toList v)) attrs
    );
  section = title: attrs: lib.optional (attrs != { }) "[${title}]\n${lines attrs}";
  several = title: map (attrs: "[${title}]\n${lines (attrs.${lib.toLower title + "Config"} or attrs)}");
  join = parts: extra: lib.concatStringsSep "\n" (lib.concatLists parts) + extra;

  networkText =
    n:
    join [
      (section "Match" (n.matchConfig // lib.optionalAttrs (n.name != null) { Name = n.name; }))
      (section "Link" n.linkConfig)
      (section "Network" (
        n.networkConfig
        // lib.optionalAttrs (n.DHCP != null) { DHCP = n.DHCP; }
        // lib.filterAttrs (_: list: list != [ ]) {
          Address = n.address ++ lib.toList (n.networkConfig.Address or [ ]);
          Gateway = n.gateway ++ lib.toList (n.networkConfig.Gateway or [ ]);
          DNS = n.dns ++ lib.toList (n.networkConfig.DNS or [ ]);
          NTP = n.ntp ++ lib.toList (n.networkConfig.NTP or [ ]);
          Bridge = n.bridge ++ lib.toList (n.networkConfig.Bridge or [ ]);
          Bond = n.bond ++ lib.toList (n.networkConfig.Bond or [ ]);
          VLAN = n.vlan ++ lib.toList (n.networkConfig.VLAN or [ ]);
          MACVLAN = n.macvlan ++ lib.toList (n.networkConfig.MACVLAN or [ ]);
        }
        // lib.optionalAttrs (n.domains != null) { Domains = lib.concatStringsSep " " n.domains; }
      ))
      (section "DHCPv4" n.dhcpV4Config)
      (section "DHCPv6" n.dhcpV6Config)
      (section "DHCPServer" n.dhcpServerConfig)
      (section "IPv6AcceptRA" n.ipv6AcceptRAConfig)
      (section "IPv6SendRA" n.ipv6SendRAConfig)
      (section "Bridge" n.bridgeConfig)
      (several "Address" n.addresses)
      (several "Route" n.routes)
      (map (rule: "[RoutingPolicyRule]\n${lines rule}") n.routingPolicyRules)
    ] n.extraConfig;
  linkText = l: join [ (section "Match" l.matchConfig) (section "Link" l.linkConfig) ] l.extraConfig;
  netdevText =
    d:
    join [
      (section "Match" d.matchConfig)
      (section "NetDev" d.netdevConfig)
      (section "VLAN" d.vlanConfig)
      (section "Bridge" d.bridgeConfig)
      (section "Bond" d.bondConfig)
      (section "MACVLAN" d.macvlanConfig)
      (section "Tun" d.tunConfig)
      (section "Tap" d.tapConfig)
      (section "Tunnel" d.tunnelConfig)
      (section "VXLAN" d.vxlanConfig)
      (section "WireGuard" d.wireguardConfig)
      (map (peer: "[WireGuardPeer]\n${lines peer}") d.wireguardPeers)
    ] d.extraConfig;
  written =
    suffix: text: defs:
    lib.mapAttrs' (name: def: lib.nameValuePair "${name}.${suffix}" (text def)) (
      lib.filterAttrs (_: def: def.enable) defs
    );
in
written "network" networkText cfg.networks
// written "link" linkText cfg.links
// written "netdev" netdevText cfg.netdevs
