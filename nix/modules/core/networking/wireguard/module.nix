# WireGuard: private networks, an interface and its peers as services of their own.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption optional optionalString types;
  inherit (import ../../../option-kinds.nix { inherit lib; }) flag maybe text;
  inherit (import ./kinds.nix { inherit lib; }) commands peerKeys privateKeys seconds;
  cfg = config.networking.wireguard;

  peer =
    { config, ... }:
    {
      options = peerKeys // {
        name = mkOption {
          type = types.str;
          default = config.publicKey;
          defaultText = lib.literalExpression "publicKey";
          description = "Name in names of services.";
        };
        dynamicEndpointRefreshSeconds = maybe types.int "Every how many seconds the peer's address is looked up again; what the interface says, if unset.";
        dynamicEndpointRefreshRestartSeconds = maybe types.ints.unsigned "After how many seconds that starts again when it failed.";
      };
    };
  interface.options = privateKeys // {
    ips = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "10.0.0.1/24" ];
      description = "Addresses.";
    };
    type = mkOption {
      type = types.enum [ "wireguard" "amneziawg" ];
      default = "wireguard";
      description = "Kind of the interface.";
    };
    listenPort = maybe types.int "UDP port; any, if unset.";
    preSetup = commands "before the interface is made";
    postSetup = commands "after the interface was made";
    preShutdown = commands "before the interface is taken away";
    postShutdown = commands "after the interface was taken away";
    table = text "main" "Table of the routes.";
    peers = mkOption {
      type = types.listOf (types.submodule peer);
      default = [ ];
      description = "Who is at the other end.";
    };
    allowedIPsAsRoutes = flag true "Whether peers' addresses are routes.";
    socketNamespace = maybe types.str "Network namespace of the UDP socket.";
    interfaceNamespace = maybe types.str "Network namespace of the interface.";
    fwMark = maybe types.str "Mark of packets that go out.";
    mtu = maybe types.int "Largest size of packets.";
    metric = maybe types.int "Metric of the routes.";
    dynamicEndpointRefreshSeconds = seconds "Every how many seconds peers' addresses are looked up again; 0 for never.";
    extraOptions = mkOption {
      type = types.attrsOf (types.either types.str types.int);
      default = { };
      description = "Further settings of the interface.";
    };
  };

  # A command in the first namespace that is named, from behind.
  inNamespaces =
    command: names:
    let
      named = lib.filter (name: name != null) names;
      last = lib.last named;
    in
    if named == [ ] || last == "init" then command else "ip netns exec \"${last}\" \"${command}\"";
  ipOf = i: inNamespaces "ip" [ i.socketNamespace i.interfaceNamespace ];
  wgOf = i: inNamespaces "wg" [ i.socketNamespace i.interfaceNamespace ];
  tools = [ pkgs.kmod pkgs.iproute2 pkgs.wireguard-tools ];
  oneshot = {
    Type = "oneshot";
    RemainAfterExit = true;
  };

  interfaceUnit =
    name: i:
    let
      ipBefore = inNamespaces "ip" [ i.socketNamespace ];
      ip = ipOf i;
      key = if i.privateKeyFile != null then i.privateKeyFile else pkgs.writeText "wg-key" i.privateKey;
      moves = i.interfaceNamespace != null && i.interfaceNamespace != i.socketNamespace;
      namespace = if i.interfaceNamespace == "init" then "1" else i.interfaceNamespace;
      settings =
        [ ''private-key "${key}"'' ]
        ++ optional (i.listenPort != null) ''listen-port "${toString i.listenPort}"''
        ++ optional (i.fwMark != null) ''fwmark "${i.fwMark}"''
        ++ lib.mapAttrsToList (key: value: ''${lib.toLower key} "${toString value}"'') i.extraOptions;
    in
    lib.nameValuePair "wireguard-${name}" {
      description = "WireGuard Tunnel - ${name}";
      after = [ "network-pre.target" ];
      wants = [ "network.target" ];
      before = [ "network.target" ];
      environment.DEVICE = name;
      path = tools;
      serviceConfig = oneshot;
      script = lib.concatStringsSep "\n" (
        optional (!config.boot.isContainer) "modprobe ${i.type} || true"
        ++ [
          i.preSetup
          ''${ipBefore} link add dev "${name}" type ${i.type}''
        ]
        ++ optional moves ''${ipBefore} link set "${name}" netns "${namespace}"''
        ++ optional (i.mtu != null) ''${ip} link set "${name}" mtu ${toString i.mtu}''
        ++ map (address: ''${ip} address add "${address}" dev "${name}"'') i.ips
        ++ [
          ''${wgOf i} set "${name}" ${lib.concatStringsSep " " settings}''
          ''${ip} link set up dev "${name}"''
          i.postSetup
        ]
      );
      postStop = ''
        ${i.preShutdown}
        ${ip} link del dev "${name}"
        ${i.postShutdown}
      '';
    };

  unitName = lib.replaceStrings [ "/" "-" " " "+" "=" ] [ "-" "\\x2d" "\\x20" "\\x2b" "\\x3d" ];
  refreshOf = i: p: if p.dynamicEndpointRefreshSeconds != null then p.dynamicEndpointRefreshSeconds else i.dynamicEndpointRefreshSeconds;
  peerName = name: i: p: "wireguard-${name}-peer-${unitName p.name}${optionalString (refreshOf i p != 0) "-refresh"}";
  peerUnit =
    name: i: p:
    let
      refresh = refreshOf i p;
      secret = if p.presharedKey != null then pkgs.writeText "wg-psk" p.presharedKey else p.presharedKeyFile;
      set = lib.concatStringsSep " " (
        [ ''${wgOf i} set "${name}" peer "${p.publicKey}"'' ]
        ++ optional (secret != null) ''preshared-key "${secret}"''
        ++ optional (p.endpoint != null) ''endpoint "${p.endpoint}"''
        ++ optional (p.persistentKeepalive != null) ''persistent-keepalive "${toString p.persistentKeepalive}"''
        ++ optional (p.allowedIPs != [ ]) ''allowed-ips "${lib.concatStringsSep "," p.allowedIPs}"''
      );
      routes = do: optionalString i.allowedIPsAsRoutes (lib.concatMapStrings (to: ''
        ${ipOf i} route ${do} "${to}" dev "${name}" table "${i.table}" ${optionalString (do == "replace" && i.metric != null) "metric ${toString i.metric}"}
      '') p.allowedIPs);
    in
    lib.nameValuePair (peerName name i p) {
      description = "WireGuard Peer - ${name} - ${p.name}";
      requires = [ "wireguard-${name}.service" ];
      wants = [ "network-online.target" ];
      after = [ "wireguard-${name}.service" "network-online.target" ];
      wantedBy = [ "wireguard-${name}.service" ];
      environment.DEVICE = name;
      environment.WG_ENDPOINT_RESOLUTION_RETRIES = "infinity";
      path = tools;
      unitConfig = lib.optionalAttrs (refresh != 0) { StartLimitIntervalSec = 0; };
      serviceConfig =
        if refresh == 0 then
          oneshot
        else
          {
            Type = "simple";
            Restart = "always";
            RestartSec = if p.dynamicEndpointRefreshRestartSeconds != null then p.dynamicEndpointRefreshRestartSeconds else refresh;
          };
      # Setting the peer again looks its name up again.
      script = ''
        ${set}
        ${routes "replace"}
        ${optionalString (refresh != 0) ''
          while ${set}; do sleep ${toString refresh}; done
        ''}
      '';
      postStop = ''
        ${wgOf i} set "${name}" peer "${p.publicKey}" remove
        ${routes "delete"}
      '';
    };

  keyUnit =
    name: i:
    lib.nameValuePair "wireguard-${name}-key" {
      description = "WireGuard Tunnel - ${name} - Key Generator";
      wantedBy = [ "wireguard-${name}.service" ];
      requiredBy = [ "wireguard-${name}.service" ];
      before = [ "wireguard-${name}.service" ];
      path = tools;
      serviceConfig = oneshot;
      script = ''
        mkdir --mode 0755 -p "${dirOf i.privateKeyFile}"
        if [ ! -e "${i.privateKeyFile}" ]; then
          umask 077
          wg genkey > "${i.privateKeyFile}"
        fi
      '';
    };

  interfaces = lib.attrsToList cfg.interfaces;
  ofPeers = f: lib.concatMap (i: map (f i.name i.value) i.value.peers) interfaces;
in
{
  options.networking.wireguard = {
    enable = mkOption {
      type = types.bool;
      default = cfg.interfaces != { };
      defaultText = lib.literalMD "whether there are interfaces";
      description = "Whether there are networks by WireGuard.";
    };
    useNetworkd = mkOption {
      type = types.bool;
      default = config.networking.useNetworkd;
      defaultText = lib.literalExpression "config.networking.useNetworkd";
      description = "Whether systemd-networkd makes the interfaces, instead of services.";
    };
    interfaces = mkOption {
      type = types.attrsOf (types.submodule interface);
      default = { };
      description = "Interfaces by name.";
    };
  };

  config = lib.mkIf cfg.enable (
    lib.mkMerge [
      {
        assertions =
          lib.concatMap (i: [
            {
              assertion = (i.value.privateKey != null) != (i.value.privateKeyFile != null);
              message = "networking.wireguard.interfaces.${i.name}: one of `privateKey` and `privateKeyFile` must be set.";
            }
            {
              assertion = i.value.generatePrivateKeyFile -> i.value.privateKey == null;
              message = "networking.wireguard.interfaces.${i.name}: `generatePrivateKeyFile` goes with `privateKeyFile`, not with `privateKey`.";
            }
            {
              assertion = i.value.type == "wireguard";
              message = "networking.wireguard.interfaces.${i.name}: base has no AmneziaWG.";
            }
          ]) interfaces
          ++ ofPeers (
            name: _: p: {
              assertion = p.presharedKey == null || p.presharedKeyFile == null;
              message = "networking.wireguard.interfaces.${name}: the peer ${p.publicKey} has both `presharedKey` and `presharedKeyFile`.";
            }
          );
        boot.kernelModules = [ "wireguard" ];
        environment.systemPackages = [ pkgs.wireguard-tools ];
      }
      (lib.mkIf (!cfg.useNetworkd) {
        systemd.services =
          lib.mapAttrs' interfaceUnit cfg.interfaces
          // lib.listToAttrs (ofPeers peerUnit)
          // lib.mapAttrs' keyUnit (lib.filterAttrs (_: i: i.generatePrivateKeyFile) cfg.interfaces);
        # New peers of an interface that is up are started by this.
        systemd.targets = lib.mapAttrs' (
          name: i:
          lib.nameValuePair "wireguard-${name}" rec {
            description = "WireGuard Tunnel - ${name}";
            wantedBy = [ "multi-user.target" ];
            wants = [ "wireguard-${name}.service" ] ++ map (p: "${peerName name i p}.service") i.peers;
            after = wants;
          }
        ) cfg.interfaces;
      })
      (lib.mkIf cfg.useNetworkd (import ./networkd.nix { inherit lib cfg refreshOf; }))
    ]
  );
}
