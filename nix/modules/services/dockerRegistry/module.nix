# A registry of container images.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.dockerRegistry;
  format = pkgs.formats.yaml { };
  settings = lib.recursiveUpdate {
    version = "0.1";
    log.fields.service = "registry";
    storage = {
      cache.blobdescriptor = if cfg.enableRedisCache then "redis" else "inmemory";
      delete.enabled = cfg.enableDelete;
    }
    // lib.optionalAttrs (cfg.storagePath != null) { filesystem.rootdirectory = cfg.storagePath; };
    http = {
      addr = "${cfg.listenAddress}:${toString cfg.port}";
      headers.X-Content-Type-Options = [ "nosniff" ];
    };
    health.storagedriver = {
      enabled = true;
      interval = "10s";
      threshold = 3;
    };
    redis = lib.mkIf cfg.enableRedisCache {
      addr = cfg.redisUrl;
      password = cfg.redisPassword;
      db = 0;
      dialtimeout = "10ms";
      readtimeout = "10ms";
      writetimeout = "10ms";
      pool = {
        maxidle = 16;
        maxactive = 64;
        idletimeout = "300s";
      };
    };
  } cfg.extraConfig;
  file =
    if cfg.configFile != null then
      cfg.configFile
    else
      format.generate "docker-registry-config.yml" (
        if cfg.enableRedisCache then settings // { redis = settings.redis.content or settings.redis; } else removeAttrs settings [ "redis" ]
      );
in
{
  options.services.dockerRegistry = {
    enable = lib.mkEnableOption "a registry of container images";
    package = mkOption {
      type = types.package;
      default = pkgs.docker-distribution;
      defaultText = lib.literalExpression "pkgs.docker-distribution";
      description = "The registry's package.";
    };
    listenAddress = mkOption {
      type = types.str;
      default = "127.0.0.1";
      description = "Address.";
    };
    port = mkOption {
      type = types.port;
      default = 5000;
      description = "Port.";
    };
    openFirewall = lib.mkEnableOption "the registry's port in the firewall";
    storagePath = mkOption {
      type = types.nullOr types.path;
      default = "/var/lib/docker-registry";
      description = "Folder of the images; null where `extraConfig` names another storage.";
    };
    enableDelete = lib.mkEnableOption "deleting images";
    enableRedisCache = lib.mkEnableOption "a cache in Redis";
    redisUrl = mkOption {
      type = types.str;
      default = "localhost:6379";
      description = "Address of Redis.";
    };
    redisPassword = mkOption {
      type = types.str;
      default = "";
      description = "Its password.";
    };
    extraConfig = mkOption {
      type = types.attrs;
      default = { };
      description = "Further settings.";
    };
    configFile = mkOption {
      type = types.nullOr types.path;
      default = null;
      description = "A configuration of one's own instead.";
    };
    enableGarbageCollect = lib.mkEnableOption "removing what no image needs";
    garbageCollectDates = mkOption {
      type = types.str;
      default = "daily";
      description = "When this is done.";
    };
  };
  config = lib.mkIf cfg.enable {
    networking.firewall.allowedTCPPorts = lib.mkIf cfg.openFirewall [ cfg.port ];
    users.users.docker-registry = {
      isSystemUser = true;
      group = "docker-registry";
    }
    // lib.optionalAttrs (cfg.storagePath != null) {
      createHome = true;
      home = cfg.storagePath;
    };
    users.groups.docker-registry = { };
    systemd.services.docker-registry = {
      description = "Docker Container Registry";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      serviceConfig = {
        ExecStart = "${cfg.package}/bin/docker-registry serve ${file}";
        User = "docker-registry";
        WorkingDirectory = lib.mkIf (cfg.storagePath != null) cfg.storagePath;
        AmbientCapabilities = lib.mkIf (cfg.port < 1024) "cap_net_bind_service";
      };
    };
    systemd.services.docker-registry-garbage-collect = {
      description = "Run Garbage Collection for docker registry";
      restartIfChanged = false;
      unitConfig.X-StopOnRemoval = false;
      startAt = lib.optional cfg.enableGarbageCollect cfg.garbageCollectDates;
      script = ''
        ${cfg.package}/bin/docker-registry garbage-collect ${file}
        /run/current-system/systemd/bin/systemctl restart docker-registry.service
      '';
      serviceConfig.Type = "oneshot";
    };
  };
}
