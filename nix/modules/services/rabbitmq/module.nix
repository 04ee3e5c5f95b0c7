# RabbitMQ: a message broker.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.rabbitmq;
  file = pkgs.writeText "rabbitmq.conf" (
    lib.concatStrings (lib.mapAttrsToList (name: value: "${name} = ${toString value}\n") cfg.configItems)
  );
  advanced = pkgs.writeText "advanced.config" cfg.config;
in
{
  options.services.rabbitmq = {
    enable = lib.mkEnableOption "RabbitMQ";
    package = lib.mkPackageOption pkgs "rabbitmq-server" { };
    listenAddress = mkOption {
      type = types.str;
      default = "127.0.0.1";
      description = "Address; empty for all.";
    };
    port = mkOption {
      type = types.port;
      default = 5672;
      description = "Port.";
    };
    nodeName = mkOption {
      type = types.str;
      default = "rabbit@localhost";
      description = "Name of the node.";
    };
    dataDir = mkOption {
      type = types.path;
      default = "/var/lib/rabbitmq";
      description = "Folder of the data.";
    };
    cookie = mkOption {
      type = types.str;
      default = "";
      description = "The cookie of Erlang, readable in the store.";
    };
    configItems = mkOption {
      type = types.attrsOf (types.oneOf [ types.str types.int ]);
      default = { };
      description = "Settings of `rabbitmq.conf`.";
    };
    config = mkOption {
      type = types.str;
      default = "";
      description = "Settings in Erlang's own form.";
    };
    plugins = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Names of plug-ins.";
    };
    pluginDirs = mkOption {
      type = types.listOf types.path;
      default = [ ];
      description = "Folders of further plug-ins.";
    };
    managementPlugin = {
      enable = lib.mkEnableOption "the management interface";
      port = mkOption {
        type = types.port;
        default = 15672;
        description = "Its port.";
      };
    };
  };
  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ];
    system.usrPackages = [ cfg.package ];
    users.users.rabbitmq = {
      description = "RabbitMQ server user";
      home = cfg.dataDir;
      createHome = true;
      group = "rabbitmq";
      isSystemUser = true;
    };
    users.groups.rabbitmq = { };
    services.rabbitmq.configItems = {
      "listeners.tcp.1" = lib.mkDefault "${cfg.listenAddress}:${toString cfg.port}";
    }
    // lib.optionalAttrs cfg.managementPlugin.enable {
      "management.tcp.port" = toString cfg.managementPlugin.port;
      "management.tcp.ip" = cfg.listenAddress;
    };
    services.rabbitmq.plugins = lib.optional cfg.managementPlugin.enable "rabbitmq_management";
    systemd.services.rabbitmq = {
      description = "RabbitMQ Server";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      path = [ cfg.package pkgs.coreutils pkgs.procps pkgs.hostname-debian pkgs.util-linux pkgs.gnused pkgs.gawk ];
      environment = {
        RABBITMQ_MNESIA_BASE = "${cfg.dataDir}/mnesia";
        RABBITMQ_LOGS = "-";
        RABBITMQ_CONFIG_FILE = file;
        RABBITMQ_ADVANCED_CONFIG_FILE = lib.mkIf (cfg.config != "") advanced;
        RABBITMQ_NODENAME = cfg.nodeName;
        RABBITMQ_PLUGINS_DIR = lib.mkIf (cfg.pluginDirs != [ ]) (lib.concatStringsSep ":" cfg.pluginDirs);
        RABBITMQ_ENABLED_PLUGINS_FILE = pkgs.writeText "enabled_plugins" "[ ${lib.concatStringsSep "," cfg.plugins} ].";
        RABBITMQ_PID_FILE = "${cfg.dataDir}/rabbitmq.pid";
        HOME = cfg.dataDir;
      };
      preStart = lib.optionalString (cfg.cookie != "") ''
        install -m 600 <(echo -n ${cfg.cookie}) ${cfg.dataDir}/.erlang.cookie
      '';
      serviceConfig = {
        Type = "notify";
        NotifyAccess = "all";
        ExecStart = "${cfg.package}/lib/rabbitmq/bin/rabbitmq-server";
        ExecStop = "${cfg.package}/lib/rabbitmq/bin/rabbitmqctl shutdown";
        User = "rabbitmq";
        Group = "rabbitmq";
        LogsDirectory = "rabbitmq";
        WorkingDirectory = cfg.dataDir;
        UMask = "0027";
        LimitNOFILE = 65536;
        TimeoutStartSec = 600;
        Restart = "on-failure";
        RestartSec = 10;
      };
    };
  };
}
