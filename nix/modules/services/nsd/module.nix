# NSD: a server of names.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.nsd;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag lines maybe names;
  yesNo = value: if value then "yes" else "no";
  each = key: list: lib.concatMapStrings (value: "  ${key}: ${value}\n") list;
  state = "/var/lib/nsd";
  zoneDir = "${state}/zones";
  zoneOptions =
    { lib, ... }:
    {
      options = {
        data = lines "Text of the zone.";
        children = mkOption {
          type = types.attrsOf types.anything;
          default = { };
          description = "Zones that inherit from this one.";
        };
        allowNotify = names "Who may tell of changes.";
        requestXFR = names "From whom the zone is fetched.";
        allowAXFRFallback = flag true "Whether it may be fetched as a whole.";
        notify = names "Who is told of changes.";
        notifyRetry = mkOption {
          type = types.int;
          default = 5;
          description = "How often this is tried.";
        };
        provideXFR = names "Who may fetch the zone.";
        outgoingInterface = maybe types.str "Address from which others are asked.";
        zoneStats = maybe types.str "Name under which questions are counted.";
        maxRefreshSecs = maybe types.int "Longest time between refreshes.";
        minRefreshSecs = maybe types.int "Shortest time between refreshes.";
        maxRetrySecs = maybe types.int "Longest time between attempts.";
        minRetrySecs = maybe types.int "Shortest time between attempts.";
        rrlWhitelist = names "Kinds of answers that are not limited.";
        dnssec = flag false "Whether the zone is signed (not part of base).";
      };
    };
  # A zone's children have its settings, unless they say otherwise, and no text of their own means none.
  flatten =
    parent: zones:
    lib.foldl' (all: name:
      let
        zone = parent // zones.${name};
        own = removeAttrs zone [ "children" ];
        below = zones.${name}.children or { };
      in
      all // (if below == { } then { ${name} = own; } else flatten (own // { data = ""; }) below)
    ) { } (lib.attrNames zones);
  zones = lib.mapAttrs' (name: zone: lib.nameValuePair (if lib.hasSuffix "." name then name else "${name}.") zone) (
    flatten { } cfg.zones
  );
  fileName = name: lib.replaceStrings [ "/" ] [ "_" ] (if name == "." then "root" else name);
  zonesFolder = pkgs.runCommandLocal "nsd-zones" { } (
    "mkdir -p $out\n"
    + lib.concatStrings (
      lib.mapAttrsToList (name: zone: "ln -s ${pkgs.writeText "zone" zone.data} $out/${fileName name}\n") zones
    )
  );
  maybeLine = key: value: lib.optionalString (value != null) "  ${key}: ${toString value}\n";
  zoneText =
    name: zone:
    ''
      zone:
        name: "${name}"
        zonefile: "${zoneDir}/${fileName name}"
    ''
    + maybeLine "outgoing-interface" zone.outgoingInterface
    + each "rrl-whitelist" zone.rrlWhitelist
    + maybeLine "zonestats" (if zone.zoneStats == null then null else ''"${zone.zoneStats}"'')
    + maybeLine "max-refresh-time" zone.maxRefreshSecs
    + maybeLine "min-refresh-time" zone.minRefreshSecs
    + maybeLine "max-retry-time" zone.maxRetrySecs
    + maybeLine "min-retry-time" zone.minRetrySecs
    + "  allow-axfr-fallback: ${yesNo zone.allowAXFRFallback}\n"
    + each "allow-notify" zone.allowNotify
    + each "request-xfr" zone.requestXFR
    + each "notify" zone.notify
    + "  notify-retry: ${toString zone.notifyRetry}\n"
    + each "provide-xfr" zone.provideXFR;
  key = name: k: "key:\n  name: \"${name}\"\n  algorithm: \"${k.algorithm or "hmac-sha256"}\"\n  include: \"${state}/private/${name}\"\n";
  numbers = {
    serverCount = "server-count";
    statistics = "statistics";
    tcpCount = "tcp-count";
    tcpQueryCount = "tcp-query-count";
    tcpTimeout = "tcp-timeout";
    verbosity = "verbosity";
    xfrdReloadTimeout = "xfrd-reload-timeout";
    ipv4EDNSSize = "ipv4-edns-size";
    ipv6EDNSSize = "ipv6-edns-size";
  };
  texts = {
    identity = "identity";
    nsid = "nsid";
    version = "version";
  };
  defaults = {
    serverCount = 1;
    tcpCount = 100;
    tcpQueryCount = 0;
    verbosity = 0;
    xfrdReloadTimeout = 1;
    ipv4EDNSSize = 4096;
    ipv6EDNSSize = 4096;
  };
  switches = {
    hideVersion = [ "hide-version" true ];
    ipFreebind = [ "ip-freebind" false ];
    ipTransparent = [ "ip-transparent" false ];
    ipv4 = [ "do-ip4" true ];
    ipv6 = [ "do-ip6" true ];
    logTimeAscii = [ "log-time-ascii" true ];
    reuseport = [ "reuseport" false ];
    roundRobin = [ "round-robin" false ];
    zonefilesCheck = [ "zonefiles-check" true ];
  };
  file = pkgs.writeText "nsd.conf" (
    ''
      server:
        chroot: ""
        username: nsd
        zonesdir: "${state}"
        database: ""
        pidfile: "/run/nsd/nsd.pid"
        xfrdfile: "${state}/xfrd.state"
        xfrdir: "${state}/tmp"
        zonelistfile: "${state}/zone.list"
        port: ${toString cfg.port}
        zonefiles-write: ${toString cfg.zonefilesWrite}
    ''
    + lib.concatStrings (lib.mapAttrsToList (name: entry: "  ${lib.head entry}: ${yesNo cfg.${name}}\n") switches)
    + lib.concatStrings (lib.mapAttrsToList (name: key: maybeLine key cfg.${name}) numbers)
    + lib.concatStrings (lib.mapAttrsToList (name: key: maybeLine key (if cfg.${name} == null then null else ''"${cfg.${name}}"'')) texts)
    + each "ip-address" cfg.interfaces
    + "remote-control:\n  control-enable: ${yesNo cfg.remoteControl.enable}\n"
    + lib.optionalString cfg.remoteControl.enable (
      each "control-interface" cfg.remoteControl.interfaces
      + "  control-port: ${toString cfg.remoteControl.port}\n"
      + "  server-key-file: \"${cfg.remoteControl.serverKeyFile}\"\n  server-cert-file: \"${cfg.remoteControl.serverCertFile}\"\n"
      + "  control-key-file: \"${cfg.remoteControl.controlKeyFile}\"\n  control-cert-file: \"${cfg.remoteControl.controlCertFile}\"\n"
    )
    + lib.concatStrings (lib.mapAttrsToList key cfg.keys)
    + lib.concatStrings (lib.mapAttrsToList zoneText zones)
    + cfg.extraConfig
  );
in
{
  options.services.nsd =
    lib.mapAttrs (name: key: (maybe types.int "Setting `${key}`.") // { default = defaults.${name} or null; }) numbers
    // lib.mapAttrs (_: key: maybe types.str "Setting `${key}`.") texts
    // lib.mapAttrs (_: entry: flag (lib.elemAt entry 1) "Setting `${lib.head entry}`.") switches
    // {
      enable = flag false "Whether the server of names NSD runs.";
      rootServer = flag false "Whether it serves the root zone.";
      bind8Stats = flag false "Whether it counts as BIND 8 did.";
      interfaces = mkOption {
        type = types.listOf types.str;
        default = [ "127.0.0.0" "::1" ];
        description = "Addresses.";
      };
      port = mkOption {
        type = types.port;
        default = 53;
        description = "Port.";
      };
      zonefilesWrite = mkOption {
        type = types.int;
        default = 0;
        description = "Seconds after which changed zones are written; 0 for never.";
      };
      extraConfig = lines "Lines of `nsd.conf`.";
      keys = mkOption {
        type = types.attrsOf types.attrs;
        default = { };
        description = "Keys by name, with `algorithm` and `keyFile`.";
      };
      zones = mkOption {
        type = types.attrsOf (types.submodule zoneOptions);
        default = { };
        description = "Zones by name.";
      };
      remoteControl = {
        enable = flag false "Whether `nsd-control` reaches it.";
        interfaces = mkOption {
          type = types.listOf types.str;
          default = [ "127.0.0.1" "::1" ];
          description = "Addresses for that.";
        };
        port = mkOption {
          type = types.port;
          default = 8952;
          description = "Port for that.";
        };
      }
      // lib.genAttrs [ "serverKeyFile" "serverCertFile" "controlKeyFile" "controlCertFile" ] (
        name:
        mkOption {
          type = types.path;
          default = "/etc/nsd/nsd_${if lib.hasPrefix "server" name then "server" else "control"}.${if lib.hasInfix "Key" name then "key" else "pem"}";
          description = "File of a key or certificate.";
        }
      );
    };
  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ pkgs.nsd ];
    environment.etc."nsd/nsd.conf".source = file;
    users.users.nsd = {
      description = "NSD service user";
      home = state;
      createHome = true;
      group = "nsd";
      isSystemUser = true;
    };
    users.groups.nsd = { };
    systemd.services.nsd = {
      description = "NSD authoritative only domain name service";
      after = [ "network.target" ];
      wantedBy = [ "multi-user.target" ];
      startLimitBurst = 4;
      restartTriggers = [ file zonesFolder ];
      serviceConfig = {
        ExecStart = "${pkgs.nsd}/bin/nsd -d -c ${file}";
        StandardError = "null";
        PIDFile = "/run/nsd/nsd.pid";
        RuntimeDirectory = "nsd";
        Restart = "always";
        RestartSec = "4s";
      };
      preStart = ''
        rm -rf ${state}/private/* ${zoneDir} ${state}/tmp
        mkdir -m 0700 -p ${state}/private ${state}/tmp
        ${lib.concatStrings (lib.mapAttrsToList (name: k: ''
          printf '  secret: "%s"\n' "$(cat "${k.keyFile}")" > ${state}/private/${name}
        '') cfg.keys)}
        cp -rL ${zonesFolder} ${zoneDir}
        chmod -R u+w ${zoneDir}
        chown -R nsd:nsd ${state}
      '';
    };
  };
}
