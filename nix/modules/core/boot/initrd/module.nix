# The initial file system: what runs between the kernel and the machine's own root.
{
  config,
  lib,
  pkgs,
  utils,
  ...
}:
let
  inherit (lib) mkOption mkIf types;
  cfg = config.boot.initrd;
  inherit (import ../../../option-kinds.nix { inherit lib; }) flag lines names;
  # What most machines, real and virtual, need to find their root, and for a keyboard on which to give its passphrase.
  defaultModules = [
    "virtio_pci"
    "virtio_blk"
    "virtio_net"
    "virtio_scsi"
    "virtio_console"
    "virtio_rng"
    "nvme"
    "ahci"
    "ata_piix"
    "sd_mod"
    "sr_mod"
    "mmc_block"
    "ext4"
    "uhci_hcd"
    "ehci_pci"
    "ohci_pci"
    "xhci_pci"
    "usbhid"
    "hid_generic"
    "hid_apple"
    "hid_logitech_dj"
    "hid_logitech_hidpp"
    "hid_microsoft"
    "atkbd"
  ];
  bootMounts = lib.filter utils.fsNeededForBoot config.system.build.fileSystems;
  mountData = fs: {
    inherit (fs) mountPoint fsType options autoFormat label;
    device = if fs.device == null then fs.fsType else fs.device;
    noCheck = fs.noCheck;
  };
  formats = lib.filter (fs: fs.autoFormat) bootMounts;
  checked = lib.filter (fs: cfg.checkJournalingFS && !fs.noCheck && lib.hasPrefix "ext" fs.fsType) bootMounts;
  modulesOfType = {
    overlay = [ "overlay" ];
    erofs = [ "erofs" ];
    ext4 = [ "ext4" ];
    vfat = [ "vfat" "nls_cp437" "nls_iso8859-1" ];
    "9p" = [ "9p" "9pnet_virtio" ];
    virtiofs = [ "virtiofs" ];
    btrfs = [ "btrfs" ];
    xfs = [ "xfs" ];
    squashfs = [ "squashfs" "loop" ];
  };
  fsModules = lib.concatMap (fs: modulesOfType.${fs.fsType} or [ ]) bootMounts;
  plan = {
    modules = lib.unique (cfg.kernelModules ++ fsModules);
    available = lib.unique cfg.availableKernelModules;
    mounts = map mountData bootMounts;
    inherit (cfg) verbose;
    unsigned = cfg.unsignedModules;
    # By systemd it is a unit's work.
    formatter = if !cfg.systemd.enable && formats != [ ] then "${pkgs.e2fsprogs}/bin/mke2fs" else null;
    checker = if !cfg.systemd.enable && checked != [ ] then "${pkgs.e2fsprogs}/bin/e2fsck" else null;
    files = if config.boot.loader.supportsInitrdSecrets then { } else config.system.build.initrdSecrets;
  }
  // lib.optionalAttrs cfg.systemd.enable { systemd = cfg.systemd.archive; };
  # Without a boot loader that could add them, secrets are part of the initial file system.
  secretSource = place: source: "${if source == null then place else source}";
  # Below /run systemd mounts a file system of its own, which what lies there would be hidden by.
  hidden = place: cfg.systemd.enable && lib.hasPrefix "/run/" place;
  placed = place: if hidden place then "/.initrd-secrets${place}" else place;
  inStore = source: lib.hasPrefix builtins.storeDir source;
  initrd = derivation {
    name = "initrd";
    system = pkgs.stdenv.hostPlatform.system;
    builder = "builtin:initrd";
    program = config.system.activationProgram;
    plan = builtins.toJSON plan;
    kernelModules = "${
      if cfg.systemd.enable then config.system.modulesTree else config.boot.kernelPackages.kernel
    }/lib/modules";
    extraModules = lib.optionals (!cfg.systemd.enable) (
      map (p: "${p}/lib/modules") config.boot.extraModulePackages
    );
    preferLocalBuild = true;
    allowSubstitutes = false;
  };
in
{
  options.boot.initrd = {
    enable = flag (!config.boot.isContainer) "Whether the machine boots through an initial file system.";
    availableKernelModules = names "Kernel modules in the initial file system, loaded when their device is found.";
    kernelModules = names "Kernel modules which the initial file system always loads.";
    includeDefaultModules = flag true "Whether modules for common disks and networks are included.";
    allowMissingModules = flag true "Whether modules that the kernel doesn't have are passed over.";
    supportedFilesystems = mkOption {
      type = types.coercedTo (types.listOf types.str) (list: lib.genAttrs list (_: true)) (
        types.attrsOf types.bool
      );
      default = { };
      description = "File systems which the initial file system can mount.";
    };
    checkJournalingFS = flag true "Whether journaling file systems are checked.";
    unsignedModules = flag false "Whether kernel modules are included without their signatures, which take time to verify; the kernel then calls itself tainted." // { internal = true; };
    verbose = flag true "Whether the initial file system says what it does.";
    compressor = mkOption {
      type = types.either types.str (types.functionTo types.str);
      default = "cat";
      description = "Program that compresses the initial file system; here it is not compressed, which boots fastest.";
    };
    compressorArgs = mkOption {
      type = types.nullOr (types.listOf types.str);
      default = null;
      description = "Arguments of the compressor.";
    };
    prepend = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Further archives put before the initial file system.";
    };
    secrets = mkOption {
      type = types.attrsOf (types.nullOr types.path);
      default = { };
      description = "Files added to the initial file system when the boot loader is installed, by path in it; null takes the file of the same path. Secrets given as a path literal end up readable in the store.";
    };
    extraFiles = mkOption {
      type = types.attrsOf types.raw;
      default = { };
      description = "Further files in the initial file system.";
    };
    preDeviceCommands = lines "Shell commands run before devices are looked for.";
    postDeviceCommands = lines "Shell commands run when devices have been found.";
    preLVMCommands = lines "Shell commands run before logical volumes are looked for.";
    postMountCommands = lines "Shell commands run when the root is mounted.";
    postResumeCommands = lines "Shell commands run after an attempt to resume.";
    preFailCommands = lines "Shell commands run before the failure prompt.";
    extraUtilsCommands = lines "Shell commands that add programs to the initial file system.";
    extraUtilsCommandsTest = lines "Shell commands that check these programs.";
    extraUdevRulesCommands = lines "Shell commands that add rules of udev.";
    services.udev.rules = lines "Rules of udev in the initial file system.";
    services.udev.packages = mkOption {
      type = types.listOf types.path;
      default = [ ];
      description = "Packages with rules of udev for the initial file system.";
    };
  };

  config = {
    boot.initrd.availableKernelModules = mkIf cfg.includeDefaultModules defaultModules;
    assertions = map (fs: {
      assertion = config.boot.isContainer || lib.hasPrefix "ext" fs.fsType;
      message = "fileSystems.\"${fs.mountPoint}\".autoFormat: the initial file system can only make ext2, ext3 and ext4.";
    }) formats
    ++ [
      {
        assertion =
          config.boot.isContainer
          || !cfg.enable
          || config.boot.loader.supportsInitrdSecrets
          || lib.all inStore (lib.attrValues (lib.mapAttrs secretSource cfg.secrets));
        message = "boot.initrd.secrets: without a boot loader that adds them (boot.loader.systemd-boot.enable) secrets must lie in the store, where everyone can read them.";
      }
    ];
    boot.initrd.systemd.services.initrd-nixos-copy-secrets = mkIf (lib.any hidden (lib.attrNames cfg.secrets)) {
      description = "Secrets Below /run";
      wantedBy = [ "sysinit.target" ];
      before = [ "sysinit.target" "cryptsetup-pre.target" ];
      unitConfig = {
        DefaultDependencies = false;
        ConditionPathExists = "/.initrd-secrets";
      };
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecStart = "${pkgs.busybox}/bin/busybox cp -a /.initrd-secrets/. /";
      };
    };
    system.build.initrdSecrets = lib.mapAttrs' (
      place: source: lib.nameValuePair (placed place) (secretSource place source)
    ) cfg.secrets;
    system.build.initialRamdisk = initrd;
    system.build.initrdPlan = plan;
  };
}
