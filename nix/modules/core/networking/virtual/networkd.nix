# Bridges, bonds, VLANs and MAC VLANs of `networking` as files of systemd-networkd, for the machine and for its
# initial file system.
{ lib }:
networking:
let
  each = f: set: lib.mkMerge (lib.mapAttrsToList f set);
  device = name: kind: further: {
    "40-${name}" = {
      netdevConfig = {
        Name = name;
        Kind = kind;
      };
    }
    // further;
  };
  network = name: further: { "40-${name}" = { matchConfig.Name = name; } // further; };
  # systemd writes the kernel's options of bonds in its own way.
  bondOptions = {
    mode = "Mode";
    xmit_hash_policy = "TransmitHashPolicy";
    lacp_rate = "LACPTransmitRate";
    primary_reselect = "PrimaryReselectPolicy";
    fail_over_mac = "FailOverMACPolicy";
    ad_select = "AdSelect";
    arp_validate = "ARPValidate";
    min_links = "MinLinks";
  };
  times = {
    miimon = "MIIMonitorSec";
    updelay = "UpDelaySec";
    downdelay = "DownDelaySec";
  };
  bondConfig =
    options:
    lib.concatMapAttrs (
      name: value:
      if bondOptions ? ${name} then
        { ${bondOptions.${name}} = value; }
      else if times ? ${name} then
        { ${times.${name}} = "${value}ms"; }
      else
        throw "networking.bonds.<name>.driverOptions.${name}: systemd-networkd is told of ${lib.concatStringsSep ", " (lib.attrNames (bondOptions // times))} only."
    ) options;
in
{
  netdevs = lib.mkMerge [
    (each (name: bridge: device name "bridge" (lib.optionalAttrs bridge.rstp { bridgeConfig.STP = true; })) networking.bridges)
    (each (name: bond: device name "bond" { bondConfig = bondConfig bond.driverOptions; }) networking.bonds)
    (each (name: vlan: device name "vlan" { vlanConfig.Id = vlan.id; }) networking.vlans)
    (each (
      name: macvlan:
      device name "macvlan" (
        lib.optionalAttrs (macvlan.mode != null) { macvlanConfig.Mode = macvlan.mode; }
      )
    ) networking.macvlans)
  ];
  networks = lib.mkMerge [
    (each (name: bridge: lib.mkMerge (map (i: network i { bridge = [ name ]; }) bridge.interfaces)) networking.bridges)
    (each (name: bond: lib.mkMerge (map (i: network i { bond = [ name ]; }) bond.interfaces)) networking.bonds)
    (each (name: vlan: network vlan.interface { vlan = [ name ]; }) networking.vlans)
    (each (name: macvlan: network macvlan.interface { macvlan = [ name ]; }) networking.macvlans)
  ];
}
