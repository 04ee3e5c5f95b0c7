# Addresses and routes of network interfaces, set by one run of `ip` for each interface.
{
  config,
  lib,
  pkgs,
  utils,
  ...
}:
let
  inherit (lib) mkOption mkIf types;
  cfg = config.networking;
  interfaces = lib.attrValues cfg.interfaces;

  addressType =
    v:
    types.submodule {
      options = {
        address = mkOption {
          type = types.str;
          description = "IPv${toString v} address.";
        };
        prefixLength = mkOption {
          type = types.addCheck types.int (n: n >= 0 && n <= (if v == 4 then 32 else 128));
          description = "Length of the network's prefix.";
        };
      };
    };
  routeType =
    v:
    types.submodule {
      options = {
        address = mkOption {
          type = types.str;
          description = "IPv${toString v} network.";
        };
        prefixLength = mkOption {
          type = types.addCheck types.int (n: n >= 0 && n <= (if v == 4 then 32 else 128));
          description = "Length of the network's prefix.";
        };
        type = mkOption {
          type = types.nullOr (
            types.enum [ "unicast" "local" "broadcast" "multicast" "blackhole" "unreachable" "prohibit" "throw" ]
          );
          default = null;
          description = "Kind of route.";
        };
        via = mkOption {
          type = types.nullOr types.str;
          default = null;
          description = "The next hop.";
        };
        options = mkOption {
          type = types.attrsOf types.str;
          default = { };
          description = "Further options of the route.";
        };
      };
    };
  gatewayType = types.submodule {
    options = {
      address = mkOption {
        type = types.str;
        description = "Address of the gateway.";
      };
      interface = mkOption {
        type = types.nullOr types.str;
        default = null;
        description = "Interface on which the gateway is reached.";
      };
      metric = mkOption {
        type = types.nullOr types.int;
        default = null;
        description = "Metric of the default route.";
      };
      source = mkOption {
        type = types.nullOr types.str;
        default = null;
        description = "Source address of packets on the default route.";
      };
    };
  };
  gateway =
    description:
    mkOption {
      type = types.nullOr (types.coercedTo types.str (address: { inherit address; }) gatewayType);
      default = null;
      inherit description;
    };
  family = v: {
    addresses = mkOption {
      type = types.listOf (addressType v);
      default = [ ];
      description = "IPv${toString v} addresses of the interface.";
    };
    routes = mkOption {
      type = types.listOf (routeType v);
      default = [ ];
      description = "IPv${toString v} routes through the interface.";
    };
  };
  interfaceModule =
    { name, ... }:
    {
      options = {
        name = mkOption {
          type = types.str;
          default = name;
          description = "Name of the interface.";
        };
        ipv4 = family 4;
        ipv6 = family 6;
        macAddress = mkOption {
          type = types.nullOr types.str;
          default = null;
          description = "Hardware address to give to the interface.";
        };
        mtu = mkOption {
          type = types.nullOr types.int;
          default = null;
          description = "Size of the largest packet.";
        };
        useDHCP = mkOption {
          type = types.nullOr types.bool;
          default = null;
          description = "Whether the interface asks a DHCP server; null follows `networking.useDHCP`.";
        };
        virtual = mkOption {
          type = types.bool;
          default = false;
          description = "Whether the interface is made here (a tap or tun device).";
        };
        virtualType = mkOption {
          type = types.enum [ "tun" "tap" ];
          default = if lib.hasPrefix "tun" name then "tun" else "tap";
          description = "Kind of a virtual interface.";
        };
        virtualOwner = mkOption {
          type = types.str;
          default = "root";
          description = "User who owns a virtual interface.";
        };
        proxyARP = mkOption {
          type = types.bool;
          default = false;
          description = "Whether the interface answers for addresses behind other interfaces.";
        };
        tempAddress = mkOption {
          type = types.nullOr types.str;
          default = null;
          description = "Whether the interface uses IPv6 privacy addresses.";
        };
        wakeOnLan.policy = mkOption {
          type = types.listOf (
            types.enum [ "phy" "unicast" "multicast" "broadcast" "arp" "magic" "secureon" ]
          );
          default = [ "magic" ];
          description = "What wakes up the machine.";
        };
        wakeOnLan.enable = mkOption {
          type = types.bool;
          default = false;
          description = "Whether the machine wakes up when it is called.";
        };
      };
    };

  configured =
    i:
    i.ipv4.addresses != [ ]
    || i.ipv6.addresses != [ ]
    || i.ipv4.routes != [ ]
    || i.ipv6.routes != [ ]
    || i.mtu != null
    || i.macAddress != null;
  addressLine = dev: a: "address replace ${a.address}/${toString a.prefixLength} dev ${dev}\n";
  routeLine =
    dev: v: r:
    "-${toString v} route replace ${lib.optionalString (r.type != null) "${r.type} "}${r.address}/${toString r.prefixLength}${
      lib.optionalString (r.via != null) " via ${r.via}"
    } dev ${dev}${
      lib.concatStrings (lib.mapAttrsToList (name: value: " ${name} ${value}") r.options)
    }\n";
  batch =
    i:
    lib.optionalString (i.macAddress != null) "link set dev ${i.name} address ${i.macAddress}\n"
    + lib.optionalString (i.mtu != null) "link set dev ${i.name} mtu ${toString i.mtu}\n"
    + "link set dev ${i.name} up\n"
    + lib.concatMapStrings (addressLine i.name) i.ipv4.addresses
    + lib.concatMapStrings (addressLine i.name) (lib.optionals cfg.enableIPv6 i.ipv6.addresses)
    + lib.concatMapStrings (routeLine i.name 4) i.ipv4.routes
    + lib.concatMapStrings (routeLine i.name 6) (lib.optionals cfg.enableIPv6 i.ipv6.routes);
  batchFile =
    name: text:
    import ../../../../build/tree.nix {
      system = pkgs.stdenv.hostPlatform.system;
      name = "ip-${name}";
      entries."" = { inherit text; };
    };
  runBatch = name: text: "${pkgs.iproute2}/bin/ip -force -batch ${batchFile name text}";
  device = i: "sys-subsystem-net-devices-${utils.escapeSystemdPath i.name}.device";
  # Without udev there are no device units to wait for: the interface is there from the start.
  waits = config.services.udev.enable && !config.boot.isContainer && cfg.usePredictableInterfaceNames;
  # A device that a unit makes has no addresses when it is made again.
  maker = i: lib.optional (lib.any (kind: cfg.${kind} ? ${i.name}) [ "bonds" "bridges" "macvlans" "vlans" ]) "${i.name}-netdev.service";
  addressUnit = i: {
    description = "Address configuration of ${i.name}";
    # Nothing else pulls in network.target on a machine without DHCP.
    wantedBy = [ "network-setup.service" "network.target" "multi-user.target" ];
    before = [ "network-setup.service" "network.target" "network-online.target" ];
    bindsTo = lib.optional waits (device i) ++ maker i;
    after = [ "network-pre.target" ] ++ lib.optional waits (device i) ++ maker i;
    unitConfig.DefaultDependencies = false;
    conflicts = [ "shutdown.target" ];
    stopIfChanged = false;
    enableDefaultPath = false;
    serviceConfig = {
      Type = "oneshot";
      RemainAfterExit = true;
      ExecStart = runBatch i.name (batch i);
    };
  };
  # A batch takes no `-6`: the family is that of the address.
  gatewayLine =
    g:
    lib.optionalString (g != null) (
      lib.optionalString (g.interface != null) "route replace ${g.address} dev ${g.interface}\n"
      + "route replace default via ${g.address}${
        lib.optionalString (g.metric != null) " metric ${toString g.metric}"
      }${lib.optionalString (g.interface != null) " dev ${g.interface}"}${
        lib.optionalString (g.source != null) " src ${g.source}"
      }\n"
    );
  gateways =
    gatewayLine cfg.defaultGateway
    + lib.optionalString cfg.enableIPv6 (gatewayLine cfg.defaultGateway6);
in
{
  options.networking = {
    interfaces = mkOption {
      type = types.attrsOf (types.submodule interfaceModule);
      default = { };
      example = lib.literalExpression ''{ eth0.ipv4.addresses = [ { address = "192.0.2.2"; prefixLength = 24; } ]; }'';
      description = "Network interfaces and their addresses.";
    };
    defaultGateway = gateway "The gateway for IPv4.";
    defaultGateway6 = gateway "The gateway for IPv6.";
    localCommands = mkOption {
      type = types.lines;
      default = "";
      description = "Shell commands run when the network is set up.";
    };
    primaryIPAddress = mkOption {
      type = types.str;
      default = "";
      internal = true;
      description = "Address by which other nodes of a test know the machine.";
    };
    primaryIPv6Address = mkOption {
      type = types.str;
      default = "";
      internal = true;
      description = "IPv6 address by which other nodes of a test know the machine.";
    };
  };

  config = mkIf (!cfg.useNetworkd) {
    systemd.services = lib.listToAttrs (
      map (i: lib.nameValuePair "network-addresses-${i.name}" (addressUnit i)) (
        lib.filter configured interfaces
      )
    )
    // lib.optionalAttrs (gateways != "" || cfg.localCommands != "") {
      network-setup = {
        description = "Networking Setup";
        wantedBy = [ "network.target" ];
        after = [ "network-pre.target" ];
        before = [ "network.target" "shutdown.target" ];
        conflicts = [ "shutdown.target" ];
        unitConfig.DefaultDependencies = false;
        enableDefaultPath = cfg.localCommands != "";
        path = lib.optional (cfg.localCommands != "") pkgs.iproute2;
        script = cfg.localCommands;
        serviceConfig = {
          Type = "oneshot";
          RemainAfterExit = true;
        }
        // lib.optionalAttrs (gateways != "") {
          ${if cfg.localCommands == "" then "ExecStart" else "ExecStartPre"} = runBatch "gateways" gateways;
        };
      };
    };
  };
}
