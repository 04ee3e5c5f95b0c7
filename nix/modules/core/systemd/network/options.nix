# Options of systemd-networkd's files; used for the machine and for its initial file system.
{ lib }:
let
  inherit (lib) mkOption types;
  value = types.oneOf [
    types.bool
    types.int
    types.str
    types.path
  ];
  values = types.attrsOf (types.either value (types.listOf value));
  show = v: if lib.isBool v then (if v then "yes" else "no") else toString v;
  lines =
    attrs:
    lib.concatStrings (
      lib.mapAttrsToList (name: v: lib.concatMapStrings (one: "${name}=${show one}\n") (lib.toList v)) attrs
    );
  section =
    description:
    mkOption {
      type = values;
      default = { };
      inherit description;
    };
  inherit (import ../../../option-kinds.nix { inherit lib; }) names;
  text =
    description:
    mkOption {
      type = types.lines;
      default = "";
      inherit description;
    };
  common = {
    enable = mkOption {
      type = types.bool;
      default = true;
      description = "Whether the file is there.";
    };
    matchConfig = section "Section `[Match]`: which devices it is for.";
    linkConfig = section "Section `[Link]`.";
    extraConfig = text "Lines added at the end.";
  };
  # Sections that may appear several times: a list of sets.
  several =
    description:
    mkOption {
      type = types.listOf values;
      default = [ ];
      inherit description;
    };
  network = types.submodule {
    options = common // {
      networkConfig = section "Section `[Network]`.";
      dhcpV4Config = section "Section `[DHCPv4]`.";
      dhcpV6Config = section "Section `[DHCPv6]`.";
      dhcpServerConfig = section "Section `[DHCPServer]`.";
      ipv6AcceptRAConfig = section "Section `[IPv6AcceptRA]`.";
      ipv6SendRAConfig = section "Section `[IPv6SendRA]`.";
      bridgeConfig = section "Section `[Bridge]`.";
      addresses = several "Sections `[Address]`.";
      routes = several "Sections `[Route]`.";
      routingPolicyRules = several "Sections `[RoutingPolicyRule]`.";
      name = mkOption {
        type = types.nullOr types.str;
        default = null;
        description = "Name of the device, in place of `matchConfig`.";
      };
      DHCP = mkOption {
        type = types.nullOr types.str;
        default = null;
        description = "Whether a DHCP server is asked.";
      };
      address = names "Addresses with their prefix length.";
      gateway = names "Gateways.";
      dns = names "Name servers.";
      domains = mkOption {
        type = types.nullOr (types.listOf types.str);
        default = null;
        description = "Domains.";
      };
      ntp = names "Time servers.";
      bridge = names "Bridges which the device joins.";
      bond = names "Bonds which the device joins.";
      vlan = names "VLANs on the device.";
      macvlan = names "MAC VLANs on the device.";
    };
  };
  link = types.submodule { options = common; };
  netdev = types.submodule {
    options = common // {
      netdevConfig = section "Section `[NetDev]`.";
      vlanConfig = section "Section `[VLAN]`.";
      bridgeConfig = section "Section `[Bridge]`.";
      bondConfig = section "Section `[Bond]`.";
      macvlanConfig = section "Section `[MACVLAN]`.";
      tunConfig = section "Section `[Tun]`.";
      tapConfig = section "Section `[Tap]`.";
      tunnelConfig = section "Section `[Tunnel]`.";
      vxlanConfig = section "Section `[VXLAN]`.";
      wireguardConfig = section "Section `[WireGuard]`.";
      wireguardPeers = several "Sections `[WireGuardPeer]`.";
    };
  };
in
{
  networks = mkOption {
    type = types.attrsOf network;
    default = { };
    description = "Networks (`.network` files), see {manpage}`systemd.network(5)`.";
  };
  links = mkOption {
    type = types.attrsOf link;
    default = { };
    description = "Links (`.link` files), see {manpage}`systemd.link(5)`.";
  };
  netdevs = mkOption {
    type = types.attrsOf netdev;
    default = { };
    description = "Virtual devices (`.netdev` files), see {manpage}`systemd.netdev(5)`.";
  };
  config = mkOption {
    type = types.attrsOf values;
    default = { };
    description = "Sections of `networkd.conf`.";
  };
  units = mkOption {
    type = types.attrsOf types.raw;
    default = { };
    internal = true;
    description = "Files as text.";
  };
  sectionsText =
    sections:
    lib.concatStringsSep "\n" (
      lib.mapAttrsToList (name: attrs: "[${lib.removeSuffix "Config" name}]\n${lines attrs}") sections
    );
}
