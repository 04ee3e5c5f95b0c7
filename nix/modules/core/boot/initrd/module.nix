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
  flag =
    default: description:
    mkOption {
      type = types.bool;
      inherit default description;
    };
  names =
    description:
    mkOption {
      type = types.listOf types.str;
      default = [ ];
      inherit description;
    };
  lines =
    description:
    mkOption {
      type = types.lines;
      default = "";
      inherit description;
    };
  # What most machines, real and virtual, need to find their root.
  defaultModules = [
    "virtio_pci"
    "virtio_blk"
    "virtio_net"
    "virtio_scsi"
    "virtio_console"
    "virtio_rng"
    "nvme"
    "ahci"
    "sd_mod"
    "ext4"
  ];
  bootMounts = lib.filter utils.fsNeededForBoot config.system.build.fileSystems;
  mountData = fs: {
    inherit (fs) mountPoint fsType options autoFormat label;
    device = if fs.device == null then fs.fsType else fs.device;
    noCheck = fs.noCheck;
  };
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
    luks = lib.mapAttrsToList (name: d: {
      inherit name;
      inherit (d) device keyFile allowDiscards;
    }) cfg.luks.devices;
  };
  initrd = derivation {
    name = "initrd";
    system = pkgs.stdenv.hostPlatform.system;
    builder = "builtin:initrd";
    program = config.system.activationProgram;
    plan = builtins.toJSON plan;
    kernelModules = "${config.boot.kernelPackages.kernel}/lib/modules";
    extraModules = map (p: "${p}/lib/modules") config.boot.extraModulePackages;
    secrets = builtins.toJSON (lib.mapAttrs (_: toString) { });
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
    luks = {
      devices = mkOption {
        type = types.attrsOf (
          types.submodule (
            { name, ... }:
            {
              options = {
                name = mkOption {
                  type = types.str;
                  default = name;
                  visible = false;
                  description = "Name of the opened device below `/dev/mapper`.";
                };
                device = mkOption {
                  type = types.str;
                  example = "/dev/disk/by-uuid/430e9eff-d852-4f68-aa3b-2fa3599ebe08";
                  description = "The encrypted device.";
                };
                keyFile = mkOption {
                  type = types.nullOr types.str;
                  default = null;
                  description = "File or device that holds the key; null asks for a passphrase.";
                };
                keyFileSize = mkOption {
                  type = types.nullOr types.int;
                  default = null;
                  description = "How many bytes of the key file are the key.";
                };
                keyFileOffset = mkOption {
                  type = types.nullOr types.int;
                  default = null;
                  description = "Where in the key file the key begins.";
                };
                keyFileTimeout = mkOption {
                  type = types.nullOr types.int;
                  default = null;
                  description = "Seconds to wait for the key file before a passphrase is asked for.";
                };
                header = mkOption {
                  type = types.nullOr types.str;
                  default = null;
                  description = "File or device that holds the header.";
                };
                allowDiscards = flag false "Whether freed blocks are passed on to the device.";
                bypassWorkqueues = flag false "Whether work is done without queues.";
                preLVM = flag true "Whether the device is opened before logical volumes are looked for.";
                fallbackToPassword = flag true "Whether a passphrase is asked for when the key file is missing.";
                crypttabExtraOpts = names "Further options of `crypttab`.";
                preOpenCommands = lines "Shell commands run before the device is opened.";
                postOpenCommands = lines "Shell commands run after the device was opened.";
              };
            }
          )
        );
        default = { };
        description = "Encrypted devices opened before the root is mounted.";
      };
      forceLuksSupportInInitrd = flag false "Whether the initial file system can open encrypted devices even if none is configured." // { internal = true; };
      cryptoModules = names "Kernel modules for encryption.";
      mitigateDMAAttacks = flag true "Whether hot-plugging of memory-accessing buses is off while keys are in memory.";
      reusePassphrases = flag true "Whether one passphrase is tried on all devices.";
    };
    network = {
      enable = flag false "Whether the initial file system has a network.";
      flushBeforeStage2 = flag true "Whether interfaces are taken down before the machine's own network begins.";
      postCommands = lines "Shell commands run when the network is up.";
      udhcpc.enable = flag config.networking.useDHCP "Whether a DHCP server is asked.";
      udhcpc.extraArgs = names "Arguments of the DHCP client.";
      ssh = {
        enable = flag false "Whether an ssh server runs in the initial file system.";
        port = mkOption {
          type = types.port;
          default = 22;
          description = "Port of the ssh server.";
        };
        shell = mkOption {
          type = types.nullOr types.str;
          default = null;
          description = "Login shell in the initial file system.";
        };
        hostKeys = mkOption {
          type = types.listOf (types.either types.str types.path);
          default = [ ];
          description = "The server's private keys.";
        };
        ignoreEmptyHostKeys = flag false "Whether the server may start without host keys.";
        authorizedKeys = mkOption {
          type = types.listOf types.str;
          default = config.users.users.root.openssh.authorizedKeys.keys;
          defaultText = lib.literalExpression "config.users.users.root.openssh.authorizedKeys.keys";
          description = "Public keys that may log in as root.";
        };
        authorizedKeyFiles = mkOption {
          type = types.listOf types.path;
          default = [ ];
          description = "Files of public keys that may log in as root.";
        };
        extraConfig = lines "Lines of the server's configuration.";
      };
    };
  };

  config = {
    boot.initrd.availableKernelModules = mkIf cfg.includeDefaultModules defaultModules;
    boot.initrd.kernelModules = mkIf (cfg.luks.devices != { } || cfg.luks.forceLuksSupportInInitrd) [
      "dm_mod"
      "dm_crypt"
    ];
    system.build.initialRamdisk = initrd;
    system.build.initrdPlan = plan;
  };
}
