# Avahi: names and services of the local network, by multicast.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.avahi;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag lines names;
  yesNo = value: if value then "yes" else "no";
  section = name: settings: "[${name}]\n" + lib.concatStrings (lib.mapAttrsToList (key: value: "${key}=${value}\n") settings) + "\n";
  interfaces = list: lib.concatStringsSep "," list;
  file = pkgs.writeText "avahi-daemon.conf" (
    section "server" (
      {
        host-name = cfg.hostName;
        domain-name = cfg.domainName;
        browse-domains = lib.concatStringsSep ", " cfg.browseDomains;
        use-ipv4 = yesNo cfg.ipv4;
        use-ipv6 = yesNo cfg.ipv6;
        allow-point-to-point = yesNo cfg.allowPointToPoint;
      }
      // lib.optionalAttrs (cfg.allowInterfaces != null) { allow-interfaces = interfaces cfg.allowInterfaces; }
      // lib.optionalAttrs (cfg.denyInterfaces != null) { deny-interfaces = interfaces cfg.denyInterfaces; }
      // lib.optionalAttrs (cfg.cacheEntriesMax != null) { cache-entries-max = toString cfg.cacheEntriesMax; }
    )
    + section "wide-area" { enable-wide-area = yesNo cfg.wideArea; }
    + section "publish" {
      disable-publishing = yesNo (!cfg.publish.enable);
      disable-user-service-publishing = yesNo (!cfg.publish.userServices);
      publish-addresses = yesNo (cfg.publish.userServices || cfg.publish.addresses);
      publish-hinfo = yesNo cfg.publish.hinfo;
      publish-workstation = yesNo cfg.publish.workstation;
      publish-domain = yesNo cfg.publish.domain;
    }
    + section "reflector" { enable-reflector = yesNo cfg.reflector; }
    + cfg.extraConfig
  );
  nssKind = if cfg.nssmdns4 && cfg.nssmdns6 then "" else if cfg.nssmdns4 then "4" else "6";
  someInterfaces =
    description:
    mkOption {
      type = types.nullOr (types.listOf types.str);
      default = null;
      inherit description;
    };
in
{
  imports = [
    (lib.mkRenamedOptionModule [ "services" "avahi" "interfaces" ] [ "services" "avahi" "allowInterfaces" ])
    (lib.mkRenamedOptionModule [ "services" "avahi" "nssmdns" ] [ "services" "avahi" "nssmdns4" ])
  ];
  options.services.avahi = {
    enable = flag false "Whether Avahi runs.";
    package = lib.mkPackageOption pkgs "avahi" { };
    hostName = mkOption {
      type = types.str;
      default = config.networking.hostName;
      defaultText = lib.literalExpression "config.networking.hostName";
      description = "Name of the machine in the local network.";
    };
    domainName = mkOption {
      type = types.str;
      default = "local";
      description = "Domain of the local network.";
    };
    browseDomains = names "Further domains in which services are looked for.";
    ipv4 = flag true "Whether IPv4 is used.";
    ipv6 = flag false "Whether IPv6 is used.";
    allowInterfaces = someInterfaces "Network interfaces that are used; null for all.";
    denyInterfaces = someInterfaces "Network interfaces that are not used.";
    openFirewall = flag true "Whether UDP port 5353 is open in the firewall.";
    allowPointToPoint = flag false "Whether links between two machines are used.";
    wideArea = flag false "Whether names are looked up outside of the local network.";
    reflector = flag false "Whether what one network says is passed to the others.";
    extraServiceFiles = mkOption {
      type = types.attrsOf (types.either types.str types.path);
      default = { };
      description = "Services that are announced: files or texts in Avahi's XML.";
    };
    publish = {
      enable = flag false "Whether anything is announced.";
      userServices = flag false "Whether users' services are.";
      addresses = flag false "Whether the machine's addresses are.";
      hinfo = flag false "Whether processor and system are.";
      workstation = flag false "Whether it is announced as a workstation.";
      domain = flag false "Whether its domain is.";
    };
    nssmdns4 = flag false "Whether programs find names of the local network, by IPv4.";
    nssmdns6 = flag false "Whether programs find names of the local network, by IPv6.";
    cacheEntriesMax = mkOption {
      type = types.nullOr types.int;
      default = null;
      description = "How many answers are kept for each interface.";
    };
    extraConfig = lines "Lines at the end of `avahi-daemon.conf`.";
    debug = flag false "Whether much is logged.";
  };
  config = lib.mkIf cfg.enable {
    users.users.avahi = {
      description = "avahi-daemon privilege separation user";
      home = "/var/empty";
      group = "avahi";
      isSystemUser = true;
    };
    users.groups.avahi = { };
    system.nssDatabases.hosts = lib.mkIf (cfg.nssmdns4 || cfg.nssmdns6) (
      lib.mkMerge [
        (lib.mkOrder 900 [ "mdns${nssKind}_minimal [NOTFOUND=return]" ])
        (lib.mkOrder 1501 [ "mdns${nssKind}" ])
      ]
    );
    system.usrPackages = [ cfg.package ] ++ lib.optional (cfg.nssmdns4 || cfg.nssmdns6) pkgs.debian.libnss-mdns;
    environment.systemPackages = [ cfg.package pkgs.avahi-utils ];
    environment.etc = lib.mapAttrs' (
      name: text:
      lib.nameValuePair "avahi/services/${name}.service" (
        # The daemon locks itself into `/etc/avahi`, out of which no link leads.
        { mode = "0444"; } // (if lib.types.path.check text then { source = text; } else { inherit text; })
      )
    ) cfg.extraServiceFiles;
    services.dbus.enable = true;
    services.dbus.packages = [ cfg.package ];
    networking.firewall.allowedUDPPorts = lib.mkIf cfg.openFirewall [ 5353 ];
    systemd.tmpfiles.rules = [ "d /run/avahi-daemon 0755 avahi avahi -" ];
    systemd.sockets.avahi-daemon = {
      overrideStrategy = "asDropin";
      wantedBy = [ "sockets.target" ];
    };
    systemd.services.avahi-daemon = {
      description = "Avahi mDNS/DNS-SD Stack";
      wantedBy = [ "multi-user.target" ];
      requires = [ "avahi-daemon.socket" ];
      aliases = [ "dbus-org.freedesktop.Avahi.service" ];
      documentation = [ "man:avahi-daemon(8)" "man:avahi-daemon.conf(5)" ];
      path = [ cfg.package ];
      serviceConfig = {
        NotifyAccess = "main";
        BusName = "org.freedesktop.Avahi";
        Type = "dbus";
        # The package's own unit, which comes with its D-Bus policy, says it otherwise.
        ExecStart = [ "" "${cfg.package}/bin/avahi-daemon --syslog -f ${file} ${lib.optionalString cfg.debug "--debug"}" ];
        ExecReload = [ "" "${cfg.package}/bin/avahi-daemon -r" ];
        ConfigurationDirectory = "avahi/services";
        PrivateTmp = true;
        PrivateDevices = true;
        ProtectHome = true;
        ProtectSystem = "full";
      };
    };
  };
}
