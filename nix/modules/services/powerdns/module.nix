# PowerDNS: a server of names, and its resolver.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.powerdns;
  recursor = config.services.pdns-recursor;
  atom = types.oneOf [ types.bool types.int types.str types.path ];
  show = value: if lib.isBool value then (if value then "yes" else "no") else if lib.isList value then lib.concatMapStringsSep "," toString value else toString value;
  settings = set: lib.concatStrings (lib.mapAttrsToList (name: value: "${name}=${show value}\n") set);
  serverFolder = pkgs.writeTextDir "pdns.conf" cfg.extraConfig;
  # Settings by section, as newer versions have them, under their older names.
  recursorSettings = {
    local-address = lib.toList recursor.dns.address;
    local-port = recursor.dns.port;
    allow-from = recursor.dns.allowFrom;
    webserver-address = recursor.api.address;
    webserver-port = recursor.api.port;
    webserver-allow-from = recursor.api.allowFrom;
    export-etc-hosts = recursor.exportHosts;
    dnssec = recursor.dnssecValidation;
    serve-rfc1918 = recursor.serveRFC1918;
    forward-zones = lib.mapAttrsToList (zone: to: "${zone}=${toString to}") recursor.forwardZones;
    forward-zones-recurse = lib.mapAttrsToList (zone: to: "${zone}=${toString to}") recursor.forwardZonesRecurse;
    daemon = false;
    write-pid = false;
    log-timestamp = false;
    disable-syslog = true;
  }
  // lib.optionalAttrs (recursor.luaConfig != "") { lua-config-file = "${pkgs.writeText "recursor.lua" recursor.luaConfig}"; }
  // recursor.old-settings;
  recursorFolder = pkgs.writeTextDir "recursor.conf" (
    settings (lib.filterAttrs (_: value: value != [ ]) recursorSettings)
  );
  text =
    type: default: description:
    mkOption { inherit type default description; };
  addresses = types.coercedTo types.str lib.singleton (types.listOf types.str);
in
{
  options.services.powerdns = {
    enable = lib.mkEnableOption "the PowerDNS server of names";
    extraConfig = text types.lines "launch=bind" "Lines of `pdns.conf`.";
    secretFile = text (types.nullOr types.path) null "File of variables that settings name.";
  };
  options.services.pdns-recursor = {
    enable = lib.mkEnableOption "the PowerDNS resolver";
    dns.address = text addresses [ "::" "0.0.0.0" ] "Addresses.";
    dns.port = text types.port 53 "Port.";
    dns.allowFrom = text (types.listOf types.str) [
      "127.0.0.0/8"
      "10.0.0.0/8"
      "100.64.0.0/10"
      "169.254.0.0/16"
      "192.168.0.0/16"
      "172.16.0.0/12"
      "::1/128"
      "fc00::/7"
      "fe80::/10"
    ] "Who may ask.";
    api.address = text types.str "0.0.0.0" "Address of its web server.";
    api.port = text types.port 8082 "Port of its web server.";
    api.allowFrom = text (types.listOf types.str) [ "127.0.0.1" "::1" ] "Who may use it.";
    exportHosts = text types.bool false "Whether names of `/etc/hosts` are answered.";
    forwardZones = text (types.attrsOf types.str) { } "Who answers for some zones.";
    forwardZonesRecurse = text (types.attrsOf types.str) { } "Whom to ask for some zones.";
    dnssecValidation = text (types.enum [ "off" "process-no-validate" "process" "log-fail" "validate" ]) "validate" "What is checked by DNSSEC.";
    serveRFC1918 = text types.bool true "Whether it answers for private addresses.";
    old-settings = text (types.attrsOf (types.either atom (types.listOf atom))) { } "Settings by their older names.";
    luaConfig = text types.lines "" "Lines of Lua.";
  };
  config = lib.mkMerge [
    (lib.mkIf cfg.enable {
      environment.etc.pdns.source = serverFolder;
      environment.systemPackages = [ pkgs.pdns ];
      users.users.pdns = {
        isSystemUser = true;
        group = "pdns";
        description = "PowerDNS";
      };
      users.groups.pdns = { };
      systemd.services.pdns = {
        description = "PowerDNS Authoritative Server";
        documentation = [ "man:pdns_server(1)" "man:pdns_control(1)" ];
        wantedBy = [ "multi-user.target" ];
        after = [ "network.target" "mysql.service" "postgresql.target" "openldap.service" ];
        restartTriggers = [ serverFolder ];
        serviceConfig = {
          Type = "notify";
          EnvironmentFile = lib.optional (cfg.secretFile != null) cfg.secretFile;
          ExecStart = "${pkgs.pdns}/bin/pdns_server --config-dir=${serverFolder} --module-dir=${pkgs.pdns}/lib/x86_64-linux-gnu/pdns --guardian=no --daemon=no --disable-syslog --log-timestamp=no --write-pid=no --socket-dir=/run/pdns";
          User = "pdns";
          Group = "pdns";
          RuntimeDirectory = "pdns";
          Restart = "on-failure";
          RestartSec = 1;
          AmbientCapabilities = [ "CAP_NET_BIND_SERVICE" ];
          CapabilityBoundingSet = [ "CAP_NET_BIND_SERVICE" ];
          NoNewPrivileges = true;
          PrivateTmp = true;
          PrivateDevices = true;
          ProtectHome = true;
          ProtectSystem = "full";
        };
      };
    })
    (lib.mkIf recursor.enable {
      environment.etc.pdns-recursor.source = recursorFolder;
      networking.resolvconf.useLocalResolver = lib.mkDefault true;
      environment.systemPackages = [ pkgs.pdns-recursor ];
      users.users.pdns-recursor = {
        isSystemUser = true;
        group = "pdns-recursor";
        description = "PowerDNS Recursor daemon user";
      };
      users.groups.pdns-recursor = { };
      systemd.services.pdns-recursor = {
        description = "PowerDNS Recursor";
        documentation = [ "man:pdns_recursor(1)" "man:rec_control(1)" ];
        wantedBy = [ "multi-user.target" ];
        after = [ "network.target" ];
        restartTriggers = [ recursorFolder ];
        serviceConfig = {
          Type = "notify";
          ExecStart = "${pkgs.pdns-recursor}/bin/pdns_recursor --config-dir=${recursorFolder} --socket-dir=/run/pdns-recursor";
          User = "pdns-recursor";
          Group = "pdns-recursor";
          RuntimeDirectory = "pdns-recursor";
          Restart = "on-failure";
          RestartSec = 1;
          AmbientCapabilities = [ "CAP_NET_BIND_SERVICE" ];
          CapabilityBoundingSet = [ "CAP_NET_BIND_SERVICE" ];
          LimitNOFILE = 200000;
          NoNewPrivileges = true;
          PrivateTmp = true;
          PrivateDevices = true;
          ProtectHome = true;
          ProtectSystem = "full";
        };
      };
    })
  ];
}
