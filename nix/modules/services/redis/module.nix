# Redis: servers by name; the one named "" is `redis.service`.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption mkIf types;
  cfg = config.services.redis;
  unitName = name: "redis" + lib.optionalString (name != "") "-${name}";
  enabled = lib.filterAttrs (_: server: server.enable) cfg.servers;
  atom = types.oneOf [ types.bool types.int types.str (types.listOf types.str) ];
  show = value: if lib.isBool value then (if value then "yes" else "no") else toString value;
  settingLines =
    name: value: lib.concatMapStrings (one: "${name} ${show one}\n") (lib.toList value);
  serverModule =
    { name, config, ... }:
    {
      options = {
        enable = mkOption {
          type = types.bool;
          default = false;
          description = "Whether the server runs.";
        };
        user = mkOption {
          type = types.str;
          default = unitName name;
          description = "User it runs as.";
        };
        group = mkOption {
          type = types.str;
          default = config.user;
          description = "Group it runs as.";
        };
        port = mkOption {
          type = types.port;
          default = if name == "" then 6379 else 0;
          description = "TCP port; 0 for none.";
        };
        bind = mkOption {
          type = types.nullOr types.str;
          default = "127.0.0.1";
          description = "Address; null means all.";
        };
        unixSocket = mkOption {
          type = types.nullOr types.path;
          default = "/run/${unitName name}/redis.sock";
          description = "Path of the socket.";
        };
        unixSocketPerm = mkOption {
          type = types.int;
          default = 660;
          description = "Access mode of the socket.";
        };
        openFirewall = mkOption {
          type = types.bool;
          default = false;
          description = "Whether the port is open in the firewall.";
        };
        logLevel = mkOption {
          type = types.str;
          default = "notice";
          description = "How much is logged.";
        };
        databases = mkOption {
          type = types.int;
          default = 16;
          description = "How many databases.";
        };
        save = mkOption {
          type = types.listOf (types.listOf types.int);
          default = [ [ 900 1 ] [ 300 10 ] [ 60 10000 ] ];
          description = "After how many seconds and changes data is written.";
        };
        appendOnly = mkOption {
          type = types.bool;
          default = false;
          description = "Whether each change is written at once.";
        };
        requirePass = mkOption {
          type = types.nullOr types.str;
          default = null;
          description = "Password, readable in the store.";
        };
        requirePassFile = mkOption {
          type = types.nullOr types.path;
          default = null;
          description = "File that holds the password.";
        };
        settings = mkOption {
          type = types.attrsOf atom;
          default = { };
          description = "Settings of `redis.conf`.";
        };
        extraParams = mkOption {
          type = types.listOf types.str;
          default = [ ];
          description = "Arguments of the server.";
        };
      };
      config.settings = {
        port = mkIf (config.bind != null || config.port != 0) config.port;
        daemonize = false;
        supervised = "systemd";
        loglevel = config.logLevel;
        logfile = "/dev/null";
        syslog-enabled = true;
        databases = config.databases;
        save =
          if config.save == [ ] then ''""'' else map (pair: lib.concatMapStringsSep " " toString pair) config.save;
        dbfilename = "dump.rdb";
        dir = "/var/lib/${unitName name}";
        appendOnly = config.appendOnly;
        bind = mkIf (config.bind != null) config.bind;
        unixsocket = mkIf (config.unixSocket != null) (toString config.unixSocket);
        unixsocketperm = mkIf (config.unixSocket != null) (toString config.unixSocketPerm);
        requirepass = mkIf (config.requirePass != null) config.requirePass;
      };
    };
in
{
  # Before there were several servers, there was one.
  imports = map (name: lib.mkRenamedOptionModule [ "services" "redis" name ] [ "services" "redis" "servers" "" name ]) [
    "enable" "user" "port" "bind" "unixSocket" "unixSocketPerm" "openFirewall" "logLevel" "databases" "save" "appendOnly"
    "requirePass" "requirePassFile" "settings"
  ];
  options.services.redis = {
    package = mkOption {
      type = types.package;
      default = pkgs.redis;
      defaultText = lib.literalExpression "pkgs.redis";
      description = "The package of Redis.";
    };
    vmOverCommit = mkOption {
      type = types.bool;
      default = true;
      description = "Whether memory may be promised beyond what is there, which Redis wants for saving.";
    };
    servers = mkOption {
      type = types.attrsOf (types.submodule serverModule);
      default = { };
      description = "Servers by name.";
    };
  };
  config = mkIf (enabled != { }) {
    boot.kernel.sysctl."vm.overcommit_memory" = mkIf cfg.vmOverCommit (lib.mkDefault 1);
    networking.firewall.allowedTCPPorts = lib.concatMap (s: lib.optional s.openFirewall s.port) (
      lib.attrValues enabled
    );
    environment.systemPackages = [ cfg.package ];
    users.users = lib.mapAttrs' (
      name: server:
      lib.nameValuePair server.user {
        description = "Redis server ${name}";
        isSystemUser = true;
        group = server.group;
      }
    ) enabled;
    users.groups = lib.mapAttrs' (_: server: lib.nameValuePair server.group { }) enabled;
    systemd.services = lib.mapAttrs' (
      name: server:
      lib.nameValuePair (unitName name) {
        description = "Redis Server - ${unitName name}";
        wantedBy = [ "multi-user.target" ];
        after = [ "network.target" ];
        preStart = ''
          umask 077
          install -m 0600 ${
            pkgs.writeText "redis.conf" (lib.concatStrings (lib.mapAttrsToList settingLines server.settings))
          } /run/${unitName name}/redis.conf
        ''
        + lib.optionalString (server.requirePassFile != null) ''
          echo "requirepass $(cat "$CREDENTIALS_DIRECTORY/password")" >> /run/${unitName name}/redis.conf
        '';
        serviceConfig = {
          ExecStart = "${cfg.package}/bin/redis-server /run/${unitName name}/redis.conf ${lib.escapeShellArgs server.extraParams}";
          Type = "notify";
          User = server.user;
          Group = server.group;
          LoadCredential = mkIf (server.requirePassFile != null) [ "password:${server.requirePassFile}" ];
          RuntimeDirectory = unitName name;
          RuntimeDirectoryMode = "0750";
          StateDirectory = unitName name;
          StateDirectoryMode = "0700";
          UMask = "0077";
          NoNewPrivileges = true;
          LimitNOFILE = lib.mkDefault 10032;
          ProtectSystem = "strict";
          ProtectHome = true;
          PrivateTmp = true;
          PrivateDevices = true;
          RestrictAddressFamilies = [ "AF_INET" "AF_INET6" "AF_UNIX" ];
          Restart = "always";
        };
      }
    ) enabled;
  };
}
