# File systems of the machine.
{
  config,
  lib,
  pkgs,
  utils,
  ...
}:
let
  inherit (lib) mkOption mkIf types;
  nonEmpty = types.strMatching "[^\t\n ]+";
  fsModule =
    { name, config, ... }:
    {
      options = {
        enable = mkOption {
          type = types.bool;
          default = true;
          description = "Whether the file system is mounted.";
        };
        mountPoint = mkOption {
          type = types.strMatching "/[^\t\n ]*";
          default = name;
          example = "/mnt/usb";
          description = "Where it is mounted.";
        };
        device = mkOption {
          type = types.nullOr nonEmpty;
          default = null;
          example = "/dev/disk/by-label/root";
          description = "The device, or what the kind of file system takes for one.";
        };
        label = mkOption {
          type = types.nullOr nonEmpty;
          default = null;
          description = "Label of the device.";
        };
        fsType = mkOption {
          type = nonEmpty;
          default = "auto";
          example = "ext4";
          description = "Kind of the file system.";
        };
        options = mkOption {
          type = types.listOf nonEmpty;
          default = [ "defaults" ];
          description = "Mount options.";
        };
        depends = mkOption {
          type = types.listOf (types.strMatching "/[^\t\n ]*");
          default = [ ];
          description = "Mount points which must be there first.";
        };
        overlay = {
          lowerdir = mkOption {
            type = types.nullOr (types.listOf (types.either types.str types.pathInStore));
            default = null;
            description = "Lower folders, the topmost first: makes the file system an overlay.";
          };
          upperdir = mkOption {
            type = types.nullOr types.str;
            default = null;
            description = "Folder that takes the changes; without it the overlay is read-only.";
          };
          workdir = mkOption {
            type = types.nullOr types.str;
            default = null;
            description = "Folder for the overlay's own use, beside `upperdir`.";
          };
          useStage1BaseDirectories = mkOption {
            type = types.bool;
            default = true;
            description = "Whether the folders are those of the machine's root while it boots.";
          };
        };
        neededForBoot = mkOption {
          type = types.bool;
          default = false;
          description = "Whether it is mounted before the machine's own first process.";
        };
        noCheck = mkOption {
          type = types.bool;
          default = false;
          description = "Whether it is never checked.";
        };
        autoFormat = mkOption {
          type = types.bool;
          default = false;
          description = "Whether an empty device is formatted.";
        };
        formatOptions = mkOption {
          type = types.nullOr types.str;
          default = null;
          visible = false;
          description = "Options for formatting.";
        };
        autoResize = mkOption {
          type = types.bool;
          default = false;
          description = "Whether it grows to fill its device.";
        };
        encrypted = import ../encrypted-device.nix { inherit lib; };
        stratis.poolUuid = mkOption {
          type = types.nullOr types.str;
          default = null;
          visible = false;
          description = "Not supported.";
        };
      };
      config = lib.mkMerge [
        (mkIf (config.label != null) { device = lib.mkDefault "/dev/disk/by-label/${config.label}"; })
        (mkIf config.autoFormat { options = [ "x-systemd.makefs" ]; })
        (mkIf config.autoResize { options = [ "x-systemd.growfs" ]; })
        (mkIf (config.fsType == "tmpfs" || config.fsType == "proc") {
          device = lib.mkDefault config.fsType;
        })
        (mkIf (config.overlay.lowerdir != null) {
          fsType = lib.mkDefault "overlay";
          device = lib.mkDefault "overlay";
          depends = map toString config.overlay.lowerdir
            ++ lib.optionals (config.overlay.upperdir != null) [ config.overlay.upperdir config.overlay.workdir ];
          options =
            let
              at = path: if utils.fsNeededForBoot config && config.overlay.useStage1BaseDirectories then "/sysroot${path}" else path;
            in
            [ "lowerdir=${lib.concatMapStringsSep ":" (path: at (toString path)) config.overlay.lowerdir}" ]
            ++ lib.optionals (config.overlay.upperdir != null) [
              "upperdir=${at config.overlay.upperdir}"
              "workdir=${at config.overlay.workdir}"
            ];
        })
      ];
    };

  enabled = lib.filter (fs: fs.enable) (lib.attrValues config.fileSystems);
  sorted = lib.toposort utils.fsBefore enabled;
  inOrder =
    sorted.result
      or (throw "The file systems ${
        lib.concatMapStringsSep ", " (fs: fs.mountPoint) sorted.cycle
      } depend on each other in a circle.");
  escape = lib.replaceStrings [ " " "\t" ] [ "\\040" "\\011" ];
  pass =
    fs:
    if fs.noCheck || fs.device == "none" || lib.elem fs.fsType uncheckable then
      0
    else if fs.mountPoint == "/" then
      1
    else
      2;
  uncheckable = [
    "9p"
    "auto"
    "bindfs"
    "btrfs"
    "ceph"
    "cifs"
    "erofs"
    "fuse"
    "nfs"
    "nfs4"
    "nilfs2"
    "ntfs"
    "overlay"
    "squashfs"
    "tmpfs"
    "vfat"
    "virtiofs"
    "xfs"
    "zfs"
  ];
  fstabLine =
    fs:
    "${escape (toString fs.device)} ${escape fs.mountPoint} ${fs.fsType} ${
      lib.concatStringsSep "," (map fromStage1 (ownOptions fs))
    } 0 ${toString (pass fs)}\n";
  # What the initial file system mounts it has formatted as well.
  ownOptions =
    fs: if utils.fsNeededForBoot fs then lib.remove "x-systemd.makefs" fs.options else fs.options;
  fromStage1 = lib.replaceStrings [ "=/sysroot/" ":/sysroot/" ] [ "=/" ":/" ];
  swapLine =
    swap:
    let
      discard = { once = "discard=once"; pages = "discard=pages"; both = "discard"; };
      options =
        swap.options
        ++ lib.optional (swap.discardPolicy != null) discard.${swap.discardPolicy}
        ++ lib.optional (swap.priority != null) "pri=${toString swap.priority}";
    in
    "${escape (toString swap.realDevice)} none swap ${lib.concatStringsSep "," options} 0 0\n";
  late = lib.filter (fs: !utils.fsNeededForBoot fs) inOrder;
  # What is mounted once the network is there. `mount` helpers of these kinds ask other machines.
  isRemote =
    fs: lib.elem "_netdev" fs.options || lib.elem fs.fsType remoteTypes || lib.hasPrefix "fuse.sshfs" fs.fsType;
  remoteTypes = [
    "afs"
    "ceph"
    "cifs"
    "davfs"
    "glusterfs"
    "lustre"
    "nfs"
    "nfs4"
    "smb3"
    "sshfs"
  ];
  remoteTarget = lib.optional (lib.any isRemote late) "remote-fs.target";
  # The folders that an overlay writes to have to be there first.
  overlayFolders =
    fs:
    let
      unit = "${utils.escapeSystemdPath fs.mountPoint}.mount";
      folders = "${fs.overlay.upperdir} ${fs.overlay.workdir}";
    in
    lib.nameValuePair "overlay-folders-${utils.escapeSystemdPath fs.mountPoint}" {
      requiredBy = [ unit ];
      before = [ unit ];
      unitConfig = {
        DefaultDependencies = false;
        RequiresMountsFor = folders;
      };
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecStart = "${pkgs.coreutils}/bin/mkdir -p ${folders}";
      };
    };
in
{
  options = {
    fileSystems = mkOption {
      default = { };
      type = types.attrsOf (types.submodule fsModule);
      example = lib.literalExpression ''
        {
          "/".device = "/dev/disk/by-label/root";
          "/data" = { device = "/dev/sdb1"; fsType = "ext4"; options = [ "noatime" ]; };
        }
      '';
      description = "File systems by mount point. A machine with a kernel of its own needs one for `/`.";
    };
    boot.specialFileSystems = mkOption {
      default = { };
      type = types.attrsOf types.raw;
      internal = true;
      description = "File systems of the kernel; the activation mounts them itself.";
    };
  };
  config = {
    system.build.fileSystems = inOrder;
    boot.supportedFilesystems = map (fs: fs.fsType) inOrder;
    boot.initrd.supportedFilesystems = map (fs: fs.fsType) (lib.filter (fs: fs.neededForBoot) inOrder);
    systemd.services = lib.listToAttrs (
      map overlayFolders (lib.filter (fs: fs.overlay.upperdir != null) late)
    );
    systemd.additionalUpstreamSystemUnits = remoteTarget;
    systemd.targets.multi-user = mkIf (remoteTarget != [ ]) { wants = remoteTarget; };
    systemd.wantedGenerators = lib.optional (
      late != [ ] || config.swapDevices != [ ] || lib.any (fs: fs.autoResize) inOrder
    ) "systemd-fstab-generator";
    environment.etc.fstab.text =
      "# Made from `fileSystems` and `swapDevices`.\n"
      + lib.concatMapStrings fstabLine inOrder
      + lib.concatMapStrings swapLine config.swapDevices;
    assertions = [
      {
        assertion = config.boot.isContainer || !config.boot.initrd.enable || config.fileSystems ? "/";
        message = "The `fileSystems' option does not specify your root file system: set fileSystems.\"/\".";
      }
    ]
    ++ map (fs: {
      assertion = fs.device != null;
      message = "fileSystems.\"${fs.mountPoint}\" names neither a device nor a label.";
    }) enabled;
    environment.corePackages = lib.optionals (!config.boot.isContainer) [ pkgs.e2fsprogs ];
  };
}
