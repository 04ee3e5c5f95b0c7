# Etcd, a key-value store.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.etcd;
in
{
  options.services.etcd = {
    enable = lib.mkEnableOption "etcd, a key-value store";
    package = lib.mkPackageOption pkgs "etcd" { };
    name = mkOption {
      type = types.str;
      default = config.networking.hostName;
      defaultText = lib.literalExpression "config.networking.hostName";
      description = "Name of the node.";
    };
    dataDir = mkOption {
      type = types.path;
      default = "/var/lib/etcd";
      description = "Folder of the data.";
    };
    listenClientUrls = mkOption {
      type = types.listOf types.str;
      default = [ "http://127.0.0.1:2379" ];
      description = "Where clients connect.";
    };
    listenPeerUrls = mkOption {
      type = types.listOf types.str;
      default = [ "http://127.0.0.1:2380" ];
      description = "Where other nodes connect.";
    };
    advertiseClientUrls = mkOption {
      type = types.listOf types.str;
      default = cfg.listenClientUrls;
      defaultText = lib.literalExpression "listenClientUrls";
      description = "What clients are told.";
    };
    initialAdvertisePeerUrls = mkOption {
      type = types.listOf types.str;
      default = cfg.listenPeerUrls;
      defaultText = lib.literalExpression "listenPeerUrls";
      description = "What other nodes are told.";
    };
    initialCluster = mkOption {
      type = types.listOf types.str;
      default = [ "${cfg.name}=http://127.0.0.1:2380" ];
      defaultText = lib.literalExpression "this node";
      description = "The cluster at first.";
    };
    initialClusterState = mkOption {
      type = types.enum [ "new" "existing" ];
      default = "new";
      description = "Whether the cluster is new.";
    };
    initialClusterToken = mkOption {
      type = types.str;
      default = "etcd-cluster";
      description = "Name of the cluster.";
    };
    extraConf = mkOption {
      type = types.attrsOf types.str;
      default = { };
      description = "Further settings, without `ETCD_`.";
    };
  };
  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ];
    users.users.etcd = {
      isSystemUser = true;
      group = "etcd";
      description = "Etcd daemon user";
      home = cfg.dataDir;
    };
    users.groups.etcd = { };
    systemd.tmpfiles.rules = [ "d '${cfg.dataDir}' 0700 etcd etcd" ];
    systemd.services.etcd = {
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      description = "etcd key-value store";
      environment = lib.mapAttrs' (name: value: lib.nameValuePair "ETCD_${name}" value) cfg.extraConf // {
        ETCD_NAME = cfg.name;
        ETCD_DATA_DIR = cfg.dataDir;
        ETCD_ADVERTISE_CLIENT_URLS = lib.concatStringsSep "," cfg.advertiseClientUrls;
        ETCD_LISTEN_CLIENT_URLS = lib.concatStringsSep "," cfg.listenClientUrls;
        ETCD_LISTEN_PEER_URLS = lib.concatStringsSep "," cfg.listenPeerUrls;
        ETCD_INITIAL_ADVERTISE_PEER_URLS = lib.concatStringsSep "," cfg.initialAdvertisePeerUrls;
        ETCD_INITIAL_CLUSTER = lib.concatStringsSep "," cfg.initialCluster;
        ETCD_INITIAL_CLUSTER_STATE = cfg.initialClusterState;
        ETCD_INITIAL_CLUSTER_TOKEN = cfg.initialClusterToken;
      };
      serviceConfig = {
        Type = "notify";
        ExecStart = "${cfg.package}/bin/etcd";
        User = "etcd";
        LimitNOFILE = 40000;
      };
    };
  };
}
