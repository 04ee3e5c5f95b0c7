# Tor: connections and services without a place.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.tor;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag lines names;
  stateDir = "/var/lib/tor";
  atom = types.oneOf [ types.bool types.int types.str types.path ];
  port = types.either types.attrs atom;
  value = types.nullOr (types.either (types.listOf port) port);
  flags = set: lib.concatStrings (lib.mapAttrsToList (name: on: if on == true then " ${name}" else if lib.isBool on || on == null then "" else " ${name}=${toString on}") set);
  showPort =
    set:
    (if (set.addr or null) != null then (if (set.port or null) != null then "${set.addr}:${toString set.port}" else set.addr) else toString set.port)
    + lib.concatMapStrings (flag: " ${flag}") (set.flags or [ ])
    + flags (removeAttrs set [ "addr" "port" "flags" "target" "unix" ]);
  show = value: if lib.isBool value then (if value then "1" else "0") else if lib.isAttrs value then showPort value else toString value;
  line = name: value: if value == null then "" else lib.concatMapStrings (one: "${name} ${show one}\n") (lib.toList value);
  target = p: "${toString p.port}${lib.optionalString (p.target or null != null) " ${p.target.unix or ""}${lib.optionalString ((p.target.unix or null) == null) "${if p.target.addr or null != null then p.target.addr else "127.0.0.1"}:${toString p.target.port}"}"}";
  onion =
    name: service:
    "HiddenServiceDir ${if service.path != null then service.path else "${stateDir}/onion/${name}"}\n"
    + line "HiddenServiceVersion" service.version
    + lib.concatMapStrings (p: "HiddenServicePort ${if lib.isAttrs p then target p else toString p}\n") service.map
    + lib.concatStrings (lib.mapAttrsToList line service.settings);
  torrc = pkgs.writeText "torrc" (
    lib.concatStrings (lib.mapAttrsToList line cfg.settings)
    + lib.concatStrings (lib.mapAttrsToList onion cfg.relay.onionServices)
    + cfg.extraConfig
  );
  onionOptions.options = {
    path = mkOption {
      type = types.nullOr types.path;
      default = null;
      description = "Folder of the service's keys.";
    };
    secretKey = mkOption {
      type = types.nullOr types.path;
      default = null;
      description = "File of the secret key.";
    };
    authorizeClient = mkOption {
      type = types.nullOr types.attrs;
      default = null;
      description = "Clients of older onion services.";
    };
    authorizedClients = names "Public keys of clients who may connect.";
    map = mkOption {
      type = types.listOf (types.either types.port types.attrs);
      default = [ ];
      description = "Ports, with where they lead.";
    };
    version = mkOption {
      type = types.nullOr (types.enum [ 2 3 ]);
      default = null;
      description = "Version of the protocol.";
    };
    settings = mkOption {
      type = types.attrsOf value;
      default = { };
      description = "Settings of the service.";
    };
  };
in
{
  imports = [
    (lib.mkRenamedOptionModule [ "services" "tor" "controlPort" ] [ "services" "tor" "settings" "ControlPort" ])
    (lib.mkRenamedOptionModule [ "services" "tor" "enableGeoIP" ] [ "services" "tor" "geoip" ])
    (lib.mkRenamedOptionModule [ "services" "tor" "hiddenServices" ] [ "services" "tor" "relay" "onionServices" ])
  ];
  options.services.tor = {
    enable = flag false "Whether Tor runs.";
    package = lib.mkPackageOption pkgs "tor" { };
    openFirewall = flag false "Whether the relay's ports are open in the firewall.";
    geoip = flag true "Whether Tor knows where addresses are.";
    controlSocket.enable = flag false "Whether Tor is controlled by the socket `/run/tor/control`.";
    extraConfig = lines "Lines of `torrc`.";
    client = {
      enable = flag false "Whether programs of this machine can use Tor.";
      socksListenAddress = mkOption {
        type = types.either types.port types.attrs;
        default = {
          addr = "127.0.0.1";
          port = 9050;
          IsolateDestAddr = true;
        };
        description = "Address of the SOCKS proxy.";
      };
      transparentProxy.enable = flag false "Whether connections can be led to Tor as they are.";
      dns.enable = flag false "Whether names are looked up by Tor.";
      onionServices = mkOption {
        type = types.attrsOf types.attrs;
        default = { };
        description = "Onion services that this machine may use.";
      };
    };
    relay = {
      enable = flag false "Whether others' connections are passed on.";
      role = mkOption {
        type = types.enum [ "exit" "relay" "bridge" "private-bridge" ];
        default = "relay";
        description = "Which part of the way this machine is.";
      };
      onionServices = mkOption {
        type = types.attrsOf (types.submodule onionOptions);
        default = { };
        description = "Onion services by name.";
      };
    };
    settings = mkOption {
      type = types.submodule { freeformType = types.attrsOf value; };
      default = { };
      description = "Settings of `torrc`.";
    };
  };
  config = lib.mkIf cfg.enable {
    users.groups.tor.gid = config.ids.gids.tor or 35;
    users.users.tor = {
      description = "Tor Daemon User";
      createHome = true;
      home = stateDir;
      group = "tor";
      uid = config.ids.uids.tor or 35;
      isSystemUser = true;
    };
    services.tor.settings = lib.mkMerge [
      {
        DataDirectory = stateDir;
        PidFile = "/run/tor/tor.pid";
        GeoIPFile = lib.mkIf cfg.geoip "${pkgs.debian.tor-geoipdb or cfg.package}/share/tor/geoip";
        GeoIPv6File = lib.mkIf cfg.geoip "${pkgs.debian.tor-geoipdb or cfg.package}/share/tor/geoip6";
      }
      (lib.mkIf cfg.controlSocket.enable {
        ControlSocket = "/run/tor/control GroupWritable RelaxDirModeCheck";
        CookieAuthentication = true;
        CookieAuthFileGroupReadable = true;
        CookieAuthFile = "${stateDir}/control_auth_cookie";
      })
      (lib.mkIf (!cfg.client.enable) { SOCKSPort = lib.mkDefault [ 0 ]; })
      (lib.mkIf cfg.client.enable {
        SOCKSPort = [ cfg.client.socksListenAddress ];
        TransPort = lib.mkIf cfg.client.transparentProxy.enable [ { addr = "127.0.0.1"; port = 9040; } ];
        DNSPort = lib.mkIf cfg.client.dns.enable [ { addr = "127.0.0.1"; port = 9053; } ];
        AutomapHostsOnResolve = lib.mkIf (cfg.client.transparentProxy.enable || cfg.client.dns.enable) true;
      })
      (lib.mkIf cfg.relay.enable (
        {
          exit.ExitRelay = lib.mkDefault true;
          relay.ExitPolicy = lib.mkDefault [ "reject *:*" ];
          bridge = {
            BridgeRelay = true;
            ExtORPort.port = lib.mkDefault "auto";
          };
          private-bridge = {
            BridgeRelay = true;
            PublishServerDescriptor = lib.mkDefault false;
          };
        }
        .${cfg.relay.role}
      ))
    ];
    networking.firewall.allowedTCPPorts = lib.mkIf cfg.openFirewall (
      lib.concatMap (p: if lib.isInt p && p > 0 then [ p ] else lib.optional (lib.isInt (p.port or null)) p.port) (
        lib.toList (cfg.settings.ORPort or [ ]) ++ lib.toList (cfg.settings.DirPort or [ ])
      )
    );
    environment.systemPackages = [ cfg.package ];
    environment.etc."tor/torrc".source = torrc;
    systemd.tmpfiles.rules = lib.optional (cfg.relay.onionServices != { }) "d ${stateDir}/onion 0700 tor tor -";
    systemd.services.tor = {
      description = "Tor Daemon";
      documentation = [ "man:tor(8)" ];
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      restartTriggers = [ torrc ];
      serviceConfig = {
        Type = "simple";
        User = "tor";
        Group = "tor";
        ExecStartPre = [ "${cfg.package}/bin/tor -f ${torrc} --verify-config" ];
        ExecStart = "${cfg.package}/bin/tor -f ${torrc}";
        ExecReload = "${pkgs.coreutils}/bin/kill -HUP $MAINPID";
        KillSignal = "SIGINT";
        TimeoutSec = lib.mkDefault (cfg.settings.ShutdownWaitLength or 30 + 30);
        Restart = "on-failure";
        LimitNOFILE = 32768;
        RuntimeDirectory = [ "tor" ];
        RuntimeDirectoryMode = "0710";
        StateDirectory = [ "tor" ];
        StateDirectoryMode = "0700";
        AmbientCapabilities = [ "CAP_NET_BIND_SERVICE" ];
        CapabilityBoundingSet = [ "CAP_NET_BIND_SERVICE" ];
        NoNewPrivileges = true;
        LockPersonality = true;
        PrivateDevices = true;
        PrivateTmp = true;
        ProtectHome = true;
        ProtectSystem = "strict";
        ProtectKernelModules = true;
        ProtectKernelTunables = true;
        RestrictAddressFamilies = [ "AF_UNIX" "AF_INET" "AF_INET6" "AF_NETLINK" ];
        RestrictNamespaces = true;
        RestrictSUIDSGID = true;
        UMask = "0066";
      };
    };
  };
}
