# BIND: a name server.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.bind;
  addresses =
    default: description:
    mkOption {
      type = types.listOf types.str;
      inherit default description;
    };
  zoneModule =
    { name, config, ... }:
    {
      options = {
        name = mkOption {
          type = types.str;
          default = name;
          description = "Name of the zone.";
        };
        master = mkOption {
          type = types.bool;
          default = true;
          description = "Whether this server is where the zone is kept.";
        };
        file = mkOption {
          type = types.either types.str types.path;
          description = "The zone's file.";
        };
        masters = addresses [ ] "Servers which the zone is fetched from.";
        slaves = addresses [ ] "Servers which may fetch the zone.";
        allowQuery = addresses [ "any" ] "Who may ask for its names.";
        extraConfig = mkOption {
          type = types.lines;
          default = "";
          description = "Lines of the zone.";
        };
      };
    };
  list = entries: lib.concatMapStrings (entry: " ${entry};") entries;
  zone = z: ''
    zone "${z.name}" {
      type ${if z.master then "master" else "slave"};
      file "${z.file}";
      ${if z.master then "allow-transfer {${list z.slaves} };" else "masters {${list z.masters} };"}
      allow-query {${list z.allowQuery} };
      ${z.extraConfig}
    };
  '';
  key = "/run/named/rndc.key";
  file = pkgs.writeText "named.conf" ''
    include "${key}";
    controls { inet 127.0.0.1 allow { localhost; } keys { "rndc-key"; }; };
    acl cachenetworks {${list cfg.cacheNetworks} };
    acl badnetworks {${list cfg.blockedNetworks} };
    options {
      listen-on {${list cfg.listenOn} };
      listen-on-v6 {${list cfg.listenOnIpv6} };
      allow-query-cache { cachenetworks; };
      blackhole { badnetworks; };
      forward ${cfg.forward};
      forwarders {${list cfg.forwarders} };
      directory "${cfg.directory}";
      pid-file "/run/named/named.pid";
      ${cfg.extraOptions}
    };
    ${cfg.extraConfig}
    ${lib.concatMapStrings zone (lib.attrValues cfg.zones)}
  '';
in
{
  options.services.bind = {
    enable = lib.mkEnableOption "BIND, a name server";
    package = lib.mkPackageOption pkgs "bind" { };
    cacheNetworks = addresses [ "127.0.0.0/24" "::1/128" ] "Who may ask for other servers' names.";
    blockedNetworks = addresses [ ] "Who gets no answer.";
    ipv4Only = lib.mkEnableOption "IPv4 only";
    forwarders = mkOption {
      type = types.listOf types.str;
      default = config.networking.nameservers;
      defaultText = lib.literalExpression "config.networking.nameservers";
      description = "Servers that are asked.";
    };
    forward = mkOption {
      type = types.enum [ "first" "only" ];
      default = "first";
      description = "Whether only those servers are asked.";
    };
    listenOn = addresses [ "any" ] "Addresses of IPv4.";
    listenOnIpv6 = addresses [ "any" ] "Addresses of IPv6.";
    directory = mkOption {
      type = types.str;
      default = "/run/named";
      description = "Working folder.";
    };
    zones = mkOption {
      type = types.coercedTo (types.listOf types.attrs) (
        zones: lib.listToAttrs (map (z: lib.nameValuePair z.name z) zones)
      ) (types.attrsOf (types.submodule zoneModule));
      default = { };
      description = "Zones by name.";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      description = "Lines of the configuration.";
    };
    extraOptions = mkOption {
      type = types.lines;
      default = "";
      description = "Lines of the block `options`.";
    };
    extraArgs = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Arguments of `named`.";
    };
    configFile = mkOption {
      type = types.path;
      default = file;
      defaultText = lib.literalMD "made from the other options";
      description = "The configuration.";
    };
  };
  config = lib.mkIf cfg.enable {
    networking.resolvconf.useLocalResolver = lib.mkDefault true;
    users.users.named = {
      group = "named";
      description = "BIND daemon user";
      isSystemUser = true;
    };
    users.groups.named = { };
    environment.systemPackages = [ cfg.package ];
    environment.etc."bind/named.conf".source = cfg.configFile;
    systemd.tmpfiles.settings."10-bind" = lib.mkIf (cfg.directory != "/run/named") {
      ${cfg.directory}.d = {
        user = "named";
        group = "named";
      };
    };
    systemd.services.bind = {
      description = "BIND Domain Name Server";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      preStart = ''
        if ! test -f ${key}; then
          ${cfg.package}/bin/rndc-confgen -c ${key} -a -A hmac-sha256
        fi
      '';
      serviceConfig = {
        Type = "forking";
        PIDFile = "/run/named/named.pid";
        User = "named";
        Group = "named";
        AmbientCapabilities = [ "CAP_NET_BIND_SERVICE" ];
        ExecStart = "${cfg.package}/bin/named ${lib.optionalString cfg.ipv4Only "-4"} -c /etc/bind/named.conf ${lib.escapeShellArgs cfg.extraArgs}";
        ExecReload = "${cfg.package}/bin/rndc -k ${key} reload";
        ExecStop = "${cfg.package}/bin/rndc -k ${key} stop";
        RuntimeDirectory = "named";
        RuntimeDirectoryPreserve = true;
      };
    };
  };
}
