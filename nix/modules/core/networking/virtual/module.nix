# Network devices made of others: bridges, bonds, VLANs and MAC VLANs. Each is a unit that runs `ip` once, or is
# systemd-networkd's work (`networking.useNetworkd`).
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption mkIf types;
  cfg = config.networking;
  inherit (import ../../../option-kinds.nix { inherit lib; }) flag;
  interfaces = mkOption {
    type = types.listOf types.str;
    example = [ "eth0" "eth1" ];
    description = "Interfaces that belong to it.";
  };
  interface = mkOption {
    type = types.str;
    example = "eth0";
    description = "The interface that it is on.";
  };
  devices =
    options: description:
    mkOption {
      type = types.attrsOf (types.submodule { inherit options; });
      default = { };
      inherit description;
    };
  driverOption =
    type: name:
    mkOption {
      type = types.nullOr type;
      default = null;
      visible = false;
      description = "The old name of `driverOptions.${name}`.";
    };
  bondOptions =
    bond:
    lib.mapAttrs (_: toString) (
      lib.filterAttrs (_: value: value != null) {
        inherit (bond) lacp_rate miimon mode xmit_hash_policy;
      }
    )
    // bond.driverOptions;
  bonds = lib.mapAttrs (_: bond: bond // { driverOptions = bondOptions bond; }) cfg.bonds;
  words = options: lib.concatStrings (lib.mapAttrsToList (name: value: " ${name} ${value}") options);

  # What is on a bridge is noted for the next switch, as in NixOS: its interfaces come and go while it stays, with
  # addresses and with what others have put there, such as containers.
  noted = name: "/run/${name}.interfaces";
  note = name: bridge: ''
    echo ${lib.escapeShellArg (lib.concatStringsSep " " bridge.interfaces)} > ${noted name}
  '';
  join = name: bridge: lib.concatMap (i: [ "link set dev ${i} master ${name}" "link set dev ${i} up" ]) bridge.interfaces;
  changeBridge = name: bridge: ''
    for i in $(cat ${noted name}); do ${ip} link set dev "$i" nomaster || true; done
    ${ip} -batch ${
      batch "${name}-change" (
        [ "link set dev ${name} type bridge stp_state ${if bridge.rstp then "1" else "0"}" ] ++ join name bridge
      )
    }
    ${note name bridge}
  '';
  bridgeUnits = lib.mapAttrs' (
    name: bridge:
    lib.nameValuePair "${name}-netdev" {
      enableDefaultPath = lib.mkForce true;
      postStart = note name bridge;
      reload = changeBridge name bridge;
      reloadIfChanged = true;
    }
  ) cfg.bridges;

  # What each is made of, and the lines for `ip`.
  made =
    lib.mapAttrs (name: bridge: {
      on = bridge.interfaces;
      lines = [
        "link add name ${name} type bridge${lib.optionalString bridge.rstp " stp_state 1"}"
      ]
      ++ join name bridge;
    }) cfg.bridges
    // lib.mapAttrs (name: bond: {
      on = bond.interfaces;
      lines = [
        "link add name ${name} type bond${words bond.driverOptions}"
      ]
      ++ lib.concatMap (i: [
        "link set dev ${i} down"
        "link set dev ${i} master ${name}"
        "link set dev ${i} up"
      ]) bond.interfaces;
    }) bonds
    // lib.mapAttrs (name: vlan: {
      on = [ vlan.interface ];
      lines = [
        "link set dev ${vlan.interface} up"
        "link add link ${vlan.interface} name ${name} type vlan id ${toString vlan.id}"
      ];
    }) cfg.vlans
    // lib.mapAttrs (name: macvlan: {
      on = [ macvlan.interface ];
      lines = [
        "link set dev ${macvlan.interface} up"
        "link add link ${macvlan.interface} name ${name} type macvlan${
          lib.optionalString (macvlan.mode != null) " mode ${macvlan.mode}"
        }"
      ];
    }) cfg.macvlans;
  ip = "${pkgs.iproute2}/bin/ip";
  batch = name: lines: pkgs.writeText "ip-${name}" (lib.concatMapStrings (line: line + "\n") lines);
  unit = name: device: {
    description = "Network device ${name}";
    wantedBy = [ "network-setup.service" "network.target" "multi-user.target" ];
    before = [
      "network-setup.service"
      "network.target"
      "network-addresses-${name}.service"
      "shutdown.target"
    ];
    after = [ "network-pre.target" "interface-names.service" ] ++ map (i: "${i}-netdev.service") (lib.filter (i: made ? ${i}) device.on);
    requires = map (i: "${i}-netdev.service") (lib.filter (i: made ? ${i}) device.on);
    conflicts = [ "shutdown.target" ];
    unitConfig.DefaultDependencies = false;
    enableDefaultPath = false;
    serviceConfig = {
      Type = "oneshot";
      RemainAfterExit = true;
      ExecStartPre = "-${ip} link delete dev ${name}";
      ExecStart = "${ip} -batch ${batch name (device.lines ++ [ "link set dev ${name} up" ])}";
      ExecStop = "-${ip} link delete dev ${name}";
    };
  };
  forNetworkd = import ./networkd.nix { inherit lib; } (cfg // { inherit bonds; });
  needed =
    lib.optionals (cfg.bridges != { }) [ "bridge" ]
    ++ lib.optionals (cfg.vlans != { }) [ "8021q" ]
    ++ lib.optionals (cfg.bonds != { }) [ "bonding" ]
    ++ lib.optionals (cfg.macvlans != { }) [ "macvlan" ];
in
{
  options.networking = {
    bridges = devices {
      inherit interfaces;
      rstp = flag false "Whether the bridge takes part in the spanning tree protocol.";
    } "Bridges, which join networks into one.";
    bonds = devices {
      inherit interfaces;
      driverOptions = mkOption {
        type = types.attrsOf types.str;
        default = { };
        example = { mode = "active-backup"; miimon = "100"; };
        description = "Options of the kernel's driver.";
      };
      lacp_rate = driverOption types.str "lacp_rate";
      miimon = driverOption types.int "miimon";
      mode = driverOption types.str "mode";
      xmit_hash_policy = driverOption types.str "xmit_hash_policy";
    } "Bonds, which make one interface of several.";
    vlans = devices {
      inherit interface;
      id = mkOption {
        type = types.ints.between 1 4094;
        description = "Number of the VLAN.";
      };
    } "Interfaces for the packets of one VLAN of another interface.";
    macvlans = devices {
      inherit interface;
      mode = mkOption {
        type = types.nullOr types.str;
        default = null;
        example = "bridge";
        description = "How its packets meet those of others on the same interface.";
      };
    } "Interfaces with hardware addresses of their own on another interface.";
  };

  config = lib.mkMerge [
    (mkIf (made != { }) {
      boot.kernelModules = mkIf (!config.boot.isContainer) needed;
      boot.initrd.availableKernelModules = mkIf config.boot.initrd.network.enable needed;
      boot.initrd.systemd.network = mkIf config.boot.initrd.network.enable forNetworkd;
    })
    (mkIf (made != { } && cfg.useNetworkd) { systemd.network = forNetworkd; })
    (mkIf (!cfg.useNetworkd) {
      systemd.services = lib.mkMerge [
        (lib.mapAttrs' (name: device: lib.nameValuePair "${name}-netdev" (unit name device)) made)
        bridgeUnits
      ];
    })
  ];
}
