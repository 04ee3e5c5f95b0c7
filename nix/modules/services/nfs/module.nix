# NFS: folders over the network, as server and as client.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.nfs.server;
  port =
    what:
    mkOption {
      type = types.nullOr types.int;
      default = null;
      description = "Fixed port of ${what}.";
    };
  format = pkgs.formats.ini { };
  mounts = lib.any (fs: fs.fsType == "nfs" || fs.fsType == "nfs4") (lib.attrValues config.fileSystems);
  exportedFolders = lib.filter (lib.hasPrefix "/") (
    map (line: lib.head (lib.splitString " " (lib.trim line))) (lib.splitString "\n" cfg.exports)
  );
in
{
  options.services.nfs = {
    settings = mkOption {
      type = format.type;
      default = { };
      description = "Settings of `nfs.conf`.";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      visible = false;
      description = "Older option: lines of `nfs.conf`.";
    };
    idmapd.settings = mkOption {
      type = format.type;
      default = { };
      description = "Settings of `idmapd.conf`.";
    };
    server = {
      enable = lib.mkEnableOption "the NFS server";
      extraNfsdConfig = mkOption {
        type = types.str;
        default = "";
        visible = false;
        description = "Older option: lines of the section `nfsd`.";
      };
      exports = mkOption {
        type = types.lines;
        default = "";
        example = "/srv 192.168.1.0/24(rw)";
        description = "Lines of `/etc/exports`.";
      };
      hostName = mkOption {
        type = types.nullOr types.str;
        default = null;
        description = "Name or address on which it listens.";
      };
      nproc = mkOption {
        type = types.int;
        default = 8;
        description = "How many threads.";
      };
      createMountPoints = lib.mkEnableOption "the making of exported folders that are missing";
      mountdPort = port "mountd";
      lockdPort = port "the lock manager";
      statdPort = port "statd";
    };
  };
  options.services.rpcbind.enable = lib.mkEnableOption "rpcbind, which tells the ports of RPC programs";
  config = lib.mkMerge [
    (lib.mkIf config.services.rpcbind.enable {
      environment.systemPackages = [ pkgs.rpcbind ];
      # The transports that there are.
      environment.etc.netconfig.source = "${pkgs.debian.libtirpc-common}/etc/netconfig";
      systemd.packages = [ pkgs.rpcbind ];
      systemd.services.rpcbind = {
        overrideStrategy = "asDropin";
        wantedBy = [ "multi-user.target" ];
        enableDefaultPath = false;
        serviceConfig.ExecStart = [ "" "${pkgs.rpcbind}/bin/rpcbind -f -w" ];
      };
      systemd.sockets.rpcbind = {
        overrideStrategy = "asDropin";
        wantedBy = [ "sockets.target" ];
      };
      users.users._rpc = {
        group = "nogroup";
        uid = config.ids.uids.rpc or 29;
        home = "/run/rpcbind";
        isSystemUser = true;
        description = "Rpcbind user";
      };
    })
    (lib.mkIf (cfg.enable || mounts) {
      services.rpcbind.enable = true;
      services.nfs.settings = {
        nfsd = lib.mkIf cfg.enable {
          threads = lib.mkDefault cfg.nproc;
          host = lib.mkIf (cfg.hostName != null) (lib.mkDefault cfg.hostName);
        };
        mountd.port = lib.mkIf (cfg.mountdPort != null) cfg.mountdPort;
        statd.port = lib.mkIf (cfg.statdPort != null) cfg.statdPort;
        lockd.port = lib.mkIf (cfg.lockdPort != null) cfg.lockdPort;
      };
      services.nfs.idmapd.settings.Mapping = {
        Nobody-User = lib.mkDefault "nobody";
        Nobody-Group = lib.mkDefault "nogroup";
      };
      environment.corePackages = [ pkgs.nfs-utils ];
      environment.etc = {
        "nfs.conf".source = format.generate "nfs.conf" config.services.nfs.settings;
        "idmapd.conf".source = format.generate "idmapd.conf" config.services.nfs.idmapd.settings;
      };
      systemd.packages = [ pkgs.nfs-utils ];
      systemd.tmpfiles.rules = [ "d /var/lib/nfs 0755 root root" "d /var/lib/nfs/rpc_pipefs 0755 root root" "d /var/lib/nfs/sm 0755 root root" "d /var/lib/nfs/v4recovery 0755 root root" "f /var/lib/nfs/etab 0644" "f /var/lib/nfs/rmtab 0644" "f /var/lib/nfs/state 0644" ];
      systemd.suppressedSystemUnits = [ "auth-rpcgss-module.service" "rpc-gssd.service" "rpc-svcgssd.service" "nfs-blkmap.service" ];
      boot.kernelModules = lib.optional cfg.enable "nfsd" ++ lib.optional mounts "nfs";
      users.users.statd = {
        group = "nogroup";
        home = "/var/lib/nfs";
        isSystemUser = true;
      };
    })
    (lib.mkIf cfg.enable {
      environment.etc.exports.text = cfg.exports;
      systemd.services.nfs-server = {
        overrideStrategy = "asDropin";
        wantedBy = [ "multi-user.target" ];
        enableDefaultPath = false;
        # Before they are exported, which is the unit's own first step.
        serviceConfig.ExecStartPre = lib.mkIf cfg.createMountPoints [
          ""
          "${pkgs.coreutils}/bin/mkdir -p ${lib.escapeShellArgs exportedFolders}"
          "-/usr/sbin/exportfs -r"
        ];
      };
      # The name of the unit in NixOS.
      systemd.services.nfs-mountd = {
        overrideStrategy = "asDropin";
        enableDefaultPath = false;
      };
    })
  ];
}
