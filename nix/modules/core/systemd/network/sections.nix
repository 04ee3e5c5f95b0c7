# Sections of systemd-networkd's files by the options that hold them, in the order in which they are written:
# `one` may be there once, `several` any number of times; `names` are lists in the section `[Network]`.
{
  network = {
    one = [
      [ "dhcpV4Config" "DHCPv4" ]
      [ "dhcpV6Config" "DHCPv6" ]
      [ "dhcpPrefixDelegationConfig" "DHCPPrefixDelegation" ]
      [ "dhcpServerConfig" "DHCPServer" ]
      [ "ipv6AcceptRAConfig" "IPv6AcceptRA" ]
      [ "ipv6SendRAConfig" "IPv6SendRA" ]
      [ "bridgeConfig" "Bridge" ]
      [ "lldpConfig" "LLDP" ]
      [ "canConfig" "CAN" ]
      [ "ipoIBConfig" "IPoIB" ]
      [ "qdiscConfig" "QDisc" ]
      [ "networkEmulatorConfig" "NetworkEmulator" ]
      [ "tokenBucketFilterConfig" "TokenBucketFilter" ]
      [ "pieConfig" "PIE" ]
      [ "flowQueuePIEConfig" "FlowQueuePIE" ]
      [ "stochasticFairBlueConfig" "StochasticFairBlue" ]
      [ "stochasticFairnessQueueingConfig" "StochasticFairnessQueueing" ]
      [ "bfifoConfig" "BFIFO" ]
      [ "pfifoConfig" "PFIFO" ]
      [ "pfifoHeadDropConfig" "PFIFOHeadDrop" ]
      [ "pfifoFastConfig" "PFIFOFast" ]
      [ "cakeConfig" "CAKE" ]
      [ "controlledDelayConfig" "ControlledDelay" ]
      [ "deficitRoundRobinSchedulerConfig" "DeficitRoundRobinScheduler" ]
      [ "deficitRoundRobinSchedulerClassConfig" "DeficitRoundRobinSchedulerClass" ]
      [ "enhancedTransmissionSelectionConfig" "EnhancedTransmissionSelection" ]
      [ "genericRandomEarlyDetectionConfig" "GenericRandomEarlyDetection" ]
      [ "fairQueueingControlledDelayConfig" "FairQueueingControlledDelay" ]
      [ "fairQueueingConfig" "FairQueueing" ]
      [ "trivialLinkEqualizerConfig" "TrivialLinkEqualizer" ]
      [ "hierarchyTokenBucketConfig" "HierarchyTokenBucket" ]
      [ "hierarchyTokenBucketClassConfig" "HierarchyTokenBucketClass" ]
      [ "heavyHitterFilterConfig" "HeavyHitterFilter" ]
      [ "quickFairQueueingConfig" "QuickFairQueueing" ]
      [ "quickFairQueueingConfigClass" "QuickFairQueueingClass" ]
    ];
    several = [
      [ "addresses" "Address" ]
      [ "routes" "Route" ]
      [ "routingPolicyRules" "RoutingPolicyRule" ]
      [ "neighbors" "Neighbor" ]
      [ "nextHops" "NextHop" ]
      [ "ipv6AddressLabels" "IPv6AddressLabel" ]
      [ "ipv6Prefixes" "IPv6Prefix" ]
      [ "ipv6PREF64Prefixes" "IPv6PREF64Prefix" ]
      [ "ipv6RoutePrefixes" "IPv6RoutePrefix" ]
      [ "dhcpServerStaticLeases" "DHCPServerStaticLease" ]
      [ "bridgeFDBs" "BridgeFDB" ]
      [ "bridgeMDBs" "BridgeMDB" ]
      [ "bridgeVLANs" "BridgeVLAN" ]
      [ "sriovConfigs" "SR-IOV" ]
    ];
    names = [
      [ "address" "Address" ]
      [ "gateway" "Gateway" ]
      [ "dns" "DNS" ]
      [ "ntp" "NTP" ]
      [ "bridge" "Bridge" ]
      [ "bond" "Bond" ]
      [ "vrf" "VRF" ]
      [ "vlan" "VLAN" ]
      [ "macvlan" "MACVLAN" ]
      [ "macvtap" "MACVTAP" ]
      [ "ipvlan" "IPVLAN" ]
      [ "vxlan" "VXLAN" ]
      [ "tunnel" "Tunnel" ]
      [ "xfrm" "Xfrm" ]
    ];
  };
  netdev = {
    one = [
      [ "netdevConfig" "NetDev" ]
      [ "vlanConfig" "VLAN" ]
      [ "bridgeConfig" "Bridge" ]
      [ "bondConfig" "Bond" ]
      [ "macvlanConfig" "MACVLAN" ]
      [ "macvtapConfig" "MACVTAP" ]
      [ "ipvlanConfig" "IPVLAN" ]
      [ "ipvtapConfig" "IPVTAP" ]
      [ "tunConfig" "Tun" ]
      [ "tapConfig" "Tap" ]
      [ "tunnelConfig" "Tunnel" ]
      [ "vxlanConfig" "VXLAN" ]
      [ "geneveConfig" "GENEVE" ]
      [ "hsrConfig" "HSR" ]
      [ "bareUDPConfig" "BareUDP" ]
      [ "fooOverUDPConfig" "FooOverUDP" ]
      [ "l2tpConfig" "L2TP" ]
      [ "macsecConfig" "MACsec" ]
      [ "peerConfig" "Peer" ]
      [ "vxcanConfig" "VXCAN" ]
      [ "xfrmConfig" "Xfrm" ]
      [ "vrfConfig" "VRF" ]
      [ "batmanAdvancedConfig" "BatmanAdvanced" ]
      [ "ipoibConfig" "IPoIB" ]
      [ "wlanConfig" "WLAN" ]
      [ "wireguardConfig" "WireGuard" ]
    ];
    several = [
      [ "wireguardPeers" "WireGuardPeer" ]
      [ "l2tpSessions" "L2TPSession" ]
      [ "macsecReceiveChannels" "MACsecReceiveChannel" ]
      [ "macsecTransmitAssociations" "MACsecTransmitAssociation" ]
      [ "macsecReceiveAssociations" "MACsecReceiveAssociation" ]
    ];
  };
  # Of `networkd.conf`.
  config = {
    networkConfig = "Network";
    dhcpV4Config = "DHCPv4";
    dhcpV6Config = "DHCPv6";
    dhcpServerConfig = "DHCPServer";
    ipv6AcceptRAConfig = "IPv6AcceptRA";
    ipv6AddressLabelConfig = "IPv6AddressLabel";
  };
}
