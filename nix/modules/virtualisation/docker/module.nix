# Docker: containers of images.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.virtualisation.docker;
  format = pkgs.formats.json { };
  file = format.generate "daemon.json" cfg.daemon.settings;
in
{
  options.virtualisation.docker = {
    enable = lib.mkEnableOption "Docker";
    package = lib.mkPackageOption pkgs "docker" { };
    extraPackages = mkOption {
      type = types.listOf types.package;
      default = [ ];
      description = "Packages whose programs the daemon finds.";
    };
    enableOnBoot = mkOption {
      type = types.bool;
      default = true;
      description = "Whether the daemon starts with the machine, not when somebody first talks to it.";
    };
    listenOptions = mkOption {
      type = types.listOf types.str;
      default = [ "/run/docker.sock" ];
      description = "Where it listens.";
    };
    daemon.settings = mkOption {
      type = types.submodule { freeformType = format.type; };
      default = { };
      description = "Settings of `daemon.json`.";
    };
    storageDriver = mkOption {
      type = types.nullOr (types.enum [ "aufs" "btrfs" "devicemapper" "overlay" "overlay2" "vfs" "zfs" ]);
      default = null;
      description = "How layers are kept.";
    };
    logDriver = mkOption {
      type = types.enum [ "none" "json-file" "syslog" "journald" "gelf" "fluentd" "local" ];
      default = "journald";
      description = "Where containers' output goes.";
    };
    liveRestore = mkOption {
      type = types.bool;
      default = true;
      description = "Whether containers run on while the daemon is restarted.";
    };
    enableNvidia = lib.mkEnableOption "NVIDIA's devices in containers" // { visible = false; };
    extraOptions = mkOption {
      type = types.separatedString " ";
      default = "";
      description = "Arguments of the daemon.";
    };
    autoPrune = {
      enable = lib.mkEnableOption "a regular removal of what is not used";
      flags = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Arguments of `docker system prune`.";
      };
      dates = mkOption {
        type = types.str;
        default = "weekly";
        description = "When.";
      };
    };
  };
  config = lib.mkIf cfg.enable {
    boot.kernelModules = [ "bridge" "veth" "br_netfilter" "xt_nat" ];
    boot.kernel.sysctl = {
      "net.ipv4.conf.all.forwarding" = lib.mkOverride 98 true;
      "net.ipv4.conf.default.forwarding" = lib.mkOverride 98 true;
    };
    environment.systemPackages = [ cfg.package ];
    users.groups.docker = { };
    virtualisation.docker.daemon.settings = {
      group = "docker";
      hosts = [ "fd://" ];
      log-driver = lib.mkDefault cfg.logDriver;
      live-restore = lib.mkDefault cfg.liveRestore;
      storage-driver = lib.mkIf (cfg.storageDriver != null) (lib.mkDefault cfg.storageDriver);
    };
    systemd.services.docker = {
      description = "Docker Application Container Engine";
      wantedBy = lib.optional cfg.enableOnBoot "multi-user.target";
      after = [ "network.target" "docker.socket" ];
      requires = [ "docker.socket" ];
      environment = config.networking.proxy.envVars;
      path = [
        cfg.package
        pkgs.containerd
        pkgs.runc
        pkgs.tini
        pkgs.kmod
        pkgs.iptables
        pkgs.e2fsprogs
        pkgs.xz
        pkgs.util-linux
        pkgs.procps
        pkgs.gnutar
        pkgs.git
      ]
      ++ cfg.extraPackages;
      serviceConfig = {
        Type = "notify";
        ExecStart = "${cfg.package}/bin/dockerd --config-file=${file} --init-path=${pkgs.tini}/bin/tini-static ${cfg.extraOptions}";
        ExecReload = "${pkgs.procps}/bin/kill -s HUP $MAINPID";
        LimitNOFILE = 1048576;
        TasksMax = "infinity";
        Delegate = true;
        KillMode = "process";
        Restart = "on-failure";
      };
    };
    systemd.sockets.docker = {
      description = "Docker Socket for the API";
      wantedBy = [ "sockets.target" ];
      socketConfig = {
        ListenStream = cfg.listenOptions;
        SocketMode = "0660";
        SocketUser = "root";
        SocketGroup = "docker";
      };
    };
    systemd.services.docker-prune = lib.mkIf cfg.autoPrune.enable {
      description = "Prune docker resources";
      restartIfChanged = false;
      serviceConfig.Type = "oneshot";
      script = "${cfg.package}/bin/docker system prune -f ${toString cfg.autoPrune.flags}";
      startAt = cfg.autoPrune.dates;
      after = [ "docker.service" ];
      requires = [ "docker.service" ];
    };
  };
}
