# WireGuard as its own program `wg-quick` sets it up: interface, routes and servers of names from one file.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption optional types;
  inherit (import ../../../option-kinds.nix { inherit lib; }) flag maybe names;
  inherit (import ../wireguard/kinds.nix { inherit lib; }) commands peerKeys privateKeys;
  cfg = config.networking.wg-quick;
  interface.options = privateKeys // {
    type = mkOption {
      type = types.enum [ "wireguard" "amneziawg" ];
      default = "wireguard";
      description = "Kind of the interface.";
    };
    configFile = maybe types.str "A file for `wg-quick`, in the place of all that is said here.";
    address = names "Addresses.";
    autostart = flag true "Whether it is there from boot on.";
    dns = names "Servers of names.";
    listenPort = maybe types.int "UDP port; any, if unset.";
    preUp = commands "before the interface is made";
    preDown = commands "before the interface is taken away";
    postUp = commands "after the interface was made";
    postDown = commands "after the interface was taken away";
    table = maybe types.str "Table of the routes.";
    mtu = maybe types.int "Largest size of packets.";
    peers = mkOption {
      type = types.listOf (types.submodule { options = peerKeys; });
      default = [ ];
      description = "Who is at the other end.";
    };
    extraOptions = mkOption {
      type = types.attrsOf (types.either types.str types.int);
      default = { };
      description = "Further settings of the interface.";
    };
  };

  set = key: value: optional (value != null) "${key} = ${toString value}";
  script = name: text: optional (text != "") "${pkgs.writeShellScript name text}";
  newKey = file: ''
    mkdir -p --mode 0755 "${dirOf file}"
    if [ ! -f "${file}" ]; then
      (umask 077; wg genkey > "${file}")
    fi
  '';
  # Keys in files are given once the interface is there, so that they are never in the store.
  keysOf =
    name: i:
    lib.concatLines (
      optional (i.privateKeyFile != null) "wg set ${name} private-key <(cat ${i.privateKeyFile})"
      ++ lib.concatMap (
        p: optional (p.presharedKeyFile != null) "wg set ${name} peer ${p.publicKey} preshared-key <(cat ${p.presharedKeyFile})"
      ) i.peers
    );
  peerText =
    p:
    [ "[Peer]" "PublicKey = ${p.publicKey}" ]
    ++ set "PresharedKey" p.presharedKey
    ++ set "Endpoint" p.endpoint
    ++ set "PersistentKeepalive" p.persistentKeepalive
    ++ optional (p.allowedIPs != [ ]) "AllowedIPs = ${lib.concatStringsSep "," p.allowedIPs}";
  fileOf =
    name: i:
    pkgs.writeTextDir "${name}.conf" (
      lib.concatLines (
        [ "[Interface]" ]
        ++ map (address: "Address = ${address}") i.address
        ++ map (server: "DNS = ${server}") i.dns
        ++ set "Table" i.table
        ++ set "MTU" i.mtu
        ++ set "PrivateKey" i.privateKey
        ++ set "ListenPort" i.listenPort
        ++ map (file: "PreUp = ${file}") (
          script "wg-key" (lib.optionalString i.generatePrivateKeyFile (newKey i.privateKeyFile)) ++ script "wg-pre-up" i.preUp
        )
        ++ map (file: "PostUp = ${file}") (script "wg-post-up" (keysOf name i + i.postUp))
        ++ map (file: "PreDown = ${file}") (script "wg-pre-down" i.preDown)
        ++ map (file: "PostDown = ${file}") (script "wg-post-down" i.postDown)
        ++ lib.mapAttrsToList (key: value: "${key} = ${toString value}") i.extraOptions
        ++ lib.concatMap peerText i.peers
      )
    );
  # The name of the file is the interface's.
  pathOf = name: i: if i.configFile != null then "/tmp/${name}.conf" else "${fileOf name i}/${name}.conf";
  unit =
    name: i:
    lib.nameValuePair "wg-quick-${name}" {
      description = "wg-quick WireGuard Tunnel - ${name}";
      requires = [ "network-online.target" ];
      after = [ "network.target" "network-online.target" ];
      wantedBy = optional i.autostart "multi-user.target";
      environment.DEVICE = name;
      path = [ pkgs.wireguard-tools pkgs.iproute2 pkgs.procps pkgs.kmod config.networking.firewall.package ]
        ++ optional (i.dns != [ ]) config.networking.resolvconf.package;
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        # A file of one's own is copied there.
        PrivateTmp = true;
      };
      script =
        lib.optionalString (!config.boot.isContainer) "modprobe wireguard\n"
        + lib.optionalString (i.configFile != null) "cp ${i.configFile} ${pathOf name i}\n"
        + "wg-quick up ${pathOf name i}";
      preStop = "wg-quick down ${pathOf name i}";
    };
in
{
  options.networking.wg-quick.interfaces = mkOption {
    type = types.attrsOf (types.submodule interface);
    default = { };
    description = "Interfaces by name.";
  };
  config = lib.mkIf (cfg.interfaces != { }) {
    assertions = lib.concatLists (
      lib.mapAttrsToList (name: i: [
        {
          assertion = i.configFile != null || (i.privateKey != null) != (i.privateKeyFile != null);
          message = "networking.wg-quick.interfaces.${name}: one of `privateKey`, `privateKeyFile` and `configFile` must be set.";
        }
        {
          assertion = i.generatePrivateKeyFile -> i.privateKeyFile != null;
          message = "networking.wg-quick.interfaces.${name}: `generatePrivateKeyFile` needs `privateKeyFile`.";
        }
        {
          assertion = lib.all (p: p.presharedKey == null || p.presharedKeyFile == null) i.peers;
          message = "networking.wg-quick.interfaces.${name}: a peer has both `presharedKey` and `presharedKeyFile`.";
        }
        {
          assertion = i.type == "wireguard";
          message = "networking.wg-quick.interfaces.${name}: base has no AmneziaWG.";
        }
      ]) cfg.interfaces
    );
    boot.kernelModules = [ "wireguard" ];
    environment.systemPackages = [ pkgs.wireguard-tools ];
    systemd.services = lib.mapAttrs' unit cfg.interfaces;
  };
}
