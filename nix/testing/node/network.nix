# Addresses on the test's virtual LANs, and the names of all nodes.
{
  config,
  lib,
  testNodes,
  ...
}:
let
  inherit (lib) mkOption types;
  v = config.virtualisation;
  number = v.test.nodeNumber;

  hex =
    n:
    let
      digits = lib.toLower (lib.toHexString n);
    in
    if n > 255 then
      throw "node ${v.test.nodeName}: a VLAN must have a number from 1 to 255, not ${toString n}"
    else if n < 16 then
      "0${digits}"
    else
      digits;
  mac = vlan: "52:54:00:12:${hex vlan}:${hex number}";

  fromVlans = lib.listToAttrs (
    lib.imap1 (
      index: vlan:
      lib.nameValuePair "eth${toString index}" {
        name = "eth${toString index}";
        inherit vlan;
        assignIP = true;
      }
    ) v.vlans
  );
  clashes = lib.intersectLists (lib.attrNames fromVlans) (lib.attrNames v.interfaces);
  all = lib.attrValues v.allInterfaces;
  ipv4 = i: "192.168.${toString i.vlan}.${toString number}";
  ipv6 = i: "2001:db8:${toString i.vlan}::${toString number}";
  assigned = lib.filter (i: i.assignIP) all;
  first = f: if assigned == [ ] then "" else f (lib.head assigned);

  names =
    machine:
    lib.optional (machine.networking.domain != null) "${machine.networking.hostName}.${machine.networking.domain}"
    ++ [ machine.networking.hostName ];
  hostLine =
    address: machine:
    lib.optionalString (address != "" && machine.networking.hostName != "") "${address} ${lib.concatStringsSep " " (names machine)}\n";
in
{
  options.virtualisation = {
    vlans = mkOption {
      type = types.listOf types.ints.unsigned;
      default = if v.interfaces == { } then [ 1 ] else [ ];
      defaultText = lib.literalExpression "[ 1 ], or [ ] when `virtualisation.interfaces` is used";
      example = [ 1 2 ];
      description = "Virtual LANs which the node is on, by interfaces `eth1`, `eth2`, …";
    };
    interfaces = mkOption {
      default = { };
      description = "Interfaces with names of their own.";
      type = types.attrsOf (
        types.submodule (
          { name, ... }:
          {
            options = {
              name = mkOption {
                type = types.str;
                default = name;
                description = "Name of the interface.";
              };
              vlan = mkOption {
                type = types.ints.unsigned;
                description = "Number of its virtual LAN.";
              };
              assignIP = mkOption {
                type = types.bool;
                default = false;
                description = "Whether it gets the node's address on that LAN.";
              };
            };
          }
        )
      );
    };
    allInterfaces = mkOption {
      type = types.raw;
      readOnly = true;
      description = "All interfaces on virtual LANs.";
    };
  };

  config = {
    virtualisation.allInterfaces = fromVlans // v.interfaces;
    assertions = [
      {
        assertion = clashes == [ ];
        message = "virtualisation.interfaces and virtualisation.vlans both make the interface ${lib.concatStringsSep ", " clashes}.";
      }
    ];
    networking = {
      interfaces = lib.listToAttrs (
        map (
          i:
          lib.nameValuePair i.name {
            ipv4.addresses = lib.mkIf i.assignIP [
              {
                address = ipv4 i;
                prefixLength = 24;
              }
            ];
            ipv6.addresses = lib.mkIf (i.assignIP && config.networking.enableIPv6) [
              {
                address = ipv6 i;
                prefixLength = 64;
              }
            ];
          }
        ) all
      );
      primaryIPAddress = first ipv4;
      primaryIPv6Address = first ipv6;
      extraHosts = lib.concatStrings (
        map (
          machine:
          hostLine machine.networking.primaryIPAddress machine
          + lib.optionalString config.networking.enableIPv6 (
            hostLine machine.networking.primaryIPv6Address machine
          )
        ) (lib.attrValues testNodes)
      );
    };
    system.build.networkConfig = {
      interfaces = map (i: i // { mac = mac i.vlan; }) all;
      inherit (config.networking) primaryIPAddress primaryIPv6Address;
      nodeNumber = number;
    };
  };
}
