# Caddy: a web server that gets its certificates itself.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.caddy;
  hostModule =
    { name, ... }:
    {
      options = {
        hostName = mkOption {
          type = types.str;
          default = name;
          description = "Address of the site.";
        };
        serverAliases = mkOption {
          type = types.listOf types.str;
          default = [ ];
          description = "Further addresses of the site.";
        };
        listenAddresses = mkOption {
          type = types.listOf types.str;
          default = [ ];
          description = "Addresses on which it listens.";
        };
        useACMEHost = mkOption {
          type = types.nullOr types.str;
          default = null;
          description = "Host of `security.acme` whose certificate it uses.";
        };
        logFormat = mkOption {
          type = types.nullOr types.lines;
          default = null;
          description = "Lines of the site's `log`.";
        };
        extraConfig = mkOption {
          type = types.lines;
          default = "";
          description = "Lines of the site.";
        };
      };
    };
  block = lines: lib.concatMapStrings (line: "  ${line}\n") (lib.filter (line: line != "") (lib.splitString "\n" lines));
  site = host: ''
    ${lib.concatStringsSep " " ([ host.hostName ] ++ host.serverAliases)} {
    ${lib.optionalString (host.listenAddresses != [ ]) "  bind ${lib.concatStringsSep " " host.listenAddresses}\n"}${
      lib.optionalString (host.useACMEHost != null) "  tls /var/lib/acme/${host.useACMEHost}/cert.pem /var/lib/acme/${host.useACMEHost}/key.pem\n"
    }${lib.optionalString (host.logFormat != null) "  log {\n${block host.logFormat}  }\n"}${block host.extraConfig}}
  '';
  global =
    block cfg.globalConfig
    + lib.optionalString (cfg.email != null) "  email ${cfg.email}\n"
    + lib.optionalString (cfg.acmeCA != null) "  acme_ca ${cfg.acmeCA}\n"
    + lib.optionalString (cfg.logFormat != "") "  log {\n${block cfg.logFormat}  }\n";
  text =
    if cfg.config != null then
      cfg.config
    else
      "{\n${global}}\n${cfg.extraConfig}\n" + lib.concatMapStrings site (lib.attrValues cfg.virtualHosts);
  file = if cfg.settings != { } then (pkgs.formats.json { }).generate "caddy.json" cfg.settings else pkgs.writeText "Caddyfile" text;
  adapter = if cfg.settings != { } then null else cfg.adapter;
  arguments = "--config ${if cfg.settings != { } then cfg.configFile else "/etc/caddy/caddy_config"}${lib.optionalString (adapter != null) " --adapter ${adapter}"}";
in
{
  options.services.caddy = {
    enable = lib.mkEnableOption "Caddy";
    package = lib.mkPackageOption pkgs "caddy" { };
    user = mkOption {
      type = types.str;
      default = "caddy";
      description = "User it runs as.";
    };
    group = mkOption {
      type = types.str;
      default = "caddy";
      description = "Group it runs as.";
    };
    dataDir = mkOption {
      type = types.path;
      default = "/var/lib/caddy";
      description = "Folder of its data, such as certificates.";
    };
    logDir = mkOption {
      type = types.path;
      default = "/var/log/caddy";
      description = "Folder of its logs.";
    };
    config = mkOption {
      type = types.nullOr types.lines;
      default = null;
      visible = false;
      description = "Older option: the whole Caddyfile.";
    };
    configFile = mkOption {
      type = types.path;
      default = file;
      defaultText = lib.literalMD "made from the other options";
      description = "The configuration.";
    };
    adapter = mkOption {
      type = types.nullOr types.str;
      default = "caddyfile";
      description = "Name of the configuration's format; null for JSON.";
    };
    settings = mkOption {
      type = (pkgs.formats.json { }).type;
      default = { };
      description = "The configuration in Caddy's JSON, instead of a Caddyfile.";
    };
    resume = lib.mkEnableOption "going on with the configuration that was last set by the administration interface";
    logFormat = mkOption {
      type = types.lines;
      default = "level ERROR";
      description = "Lines of the global `log`.";
    };
    globalConfig = mkOption {
      type = types.lines;
      default = "";
      description = "Lines of the global block.";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      description = "Lines before the sites.";
    };
    virtualHosts = mkOption {
      type = types.attrsOf (types.submodule hostModule);
      default = { };
      example = { "example.org".extraConfig = "respond hello"; };
      description = "Sites by address.";
    };
    acmeCA = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "Where certificates come from.";
    };
    email = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "Address for the authority that issues certificates.";
    };
    enableReload = mkOption {
      type = types.bool;
      default = true;
      description = "Whether a new configuration reloads instead of restarting.";
    };
    openFirewall = lib.mkEnableOption "the ports 80 and 443 in the firewall";
    environmentFile = mkOption {
      type = types.nullOr types.path;
      default = null;
      description = "File with variables for the configuration.";
    };
  };
  config = lib.mkIf cfg.enable {
    environment.etc."caddy/caddy_config".source = cfg.configFile;
    networking.firewall = lib.mkIf cfg.openFirewall {
      allowedTCPPorts = [ 80 443 ];
      allowedUDPPorts = [ 443 ];
    };
    systemd.services.caddy = {
      description = "Caddy";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      restartTriggers = lib.optional (!cfg.enableReload) cfg.configFile;
      reloadTriggers = lib.optional cfg.enableReload cfg.configFile;
      startLimitIntervalSec = 14400;
      startLimitBurst = 10;
      serviceConfig = {
        Type = "notify";
        ExecStart = "${cfg.package}/bin/caddy run ${arguments}${lib.optionalString cfg.resume " --resume"}";
        ExecReload = "${cfg.package}/bin/caddy reload ${arguments} --force";
        User = cfg.user;
        Group = cfg.group;
        StateDirectory = lib.mkIf (cfg.dataDir == "/var/lib/caddy") [ "caddy" ];
        LogsDirectory = lib.mkIf (cfg.logDir == "/var/log/caddy") [ "caddy" ];
        ReadWritePaths = [ cfg.dataDir ];
        EnvironmentFile = lib.mkIf (cfg.environmentFile != null) [ cfg.environmentFile ];
        Restart = "on-failure";
        RestartSec = "5s";
        NoNewPrivileges = true;
        PrivateDevices = true;
        ProtectHome = true;
        ProtectSystem = "full";
        AmbientCapabilities = [ "CAP_NET_BIND_SERVICE" "CAP_NET_ADMIN" ];
      };
    };
    users.users = lib.mkIf (cfg.user == "caddy") {
      caddy = {
        group = cfg.group;
        home = cfg.dataDir;
        isSystemUser = true;
      };
    };
    users.groups = lib.mkIf (cfg.group == "caddy") { caddy = { }; };
  };
}
