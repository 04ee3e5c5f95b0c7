# memcached: a cache of objects in memory.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.memcached;
  where =
    if cfg.enableUnixSocket then
      "-s /run/memcached/memcached.sock"
    else
      "-l ${cfg.listen} -p ${toString cfg.port}";
in
{
  options.services.memcached = {
    enable = lib.mkEnableOption "memcached";
    package = lib.mkPackageOption pkgs "memcached" { };
    user = mkOption {
      type = types.str;
      default = "memcached";
      description = "User it runs as.";
    };
    listen = mkOption {
      type = types.str;
      default = "127.0.0.1";
      description = "Address.";
    };
    port = mkOption {
      type = types.port;
      default = 11211;
      description = "TCP port.";
    };
    enableUnixSocket = lib.mkEnableOption "the socket `/run/memcached/memcached.sock` instead of a port";
    maxMemory = mkOption {
      type = types.ints.unsigned;
      default = 64;
      description = "MiB of memory.";
    };
    maxConnections = mkOption {
      type = types.ints.unsigned;
      default = 1024;
      description = "How many connections at once.";
    };
    extraOptions = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Further arguments.";
    };
  };
  config = lib.mkIf cfg.enable {
    users.users = lib.mkIf (cfg.user == "memcached") {
      memcached = {
        description = "Memcached server user";
        isSystemUser = true;
        group = "memcached";
      };
    };
    users.groups = lib.mkIf (cfg.user == "memcached") { memcached = { }; };
    environment.systemPackages = [ cfg.package ];
    systemd.services.memcached = {
      description = "Memcached server";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      serviceConfig = {
        ExecStart = "${cfg.package}/bin/memcached ${where} -m ${toString cfg.maxMemory} -c ${toString cfg.maxConnections} ${lib.concatStringsSep " " cfg.extraOptions}";
        User = cfg.user;
        RuntimeDirectory = "memcached";
        ProtectSystem = "strict";
        ProtectHome = true;
        PrivateTmp = true;
        PrivateDevices = true;
        NoNewPrivileges = true;
        Restart = "on-failure";
      };
    };
  };
}
