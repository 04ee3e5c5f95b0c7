# Kernel, its parameters, modules and settings.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption mkIf types;
  cfg = config.boot;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag names;
  sysctlValue = types.nullOr (
    types.oneOf [
      types.bool
      types.int
      types.str
    ]
  );
  sysctlText =
    value:
    if value == true then
      "1"
    else if value == false then
      "0"
    else
      toString value;
  # A container has the network's settings for itself, and shares the others with its host.
  sysctl =
    if cfg.isContainer then
      lib.filterAttrs (name: _: lib.hasPrefix "net." name) cfg.kernel.sysctl
    else
      cfg.kernel.sysctl;
  sysctlFile = lib.concatStrings (
    lib.mapAttrsToList (
      name: value:
      lib.optionalString (
        value != null
      ) "${lib.optionalString cfg.isContainer "-"}${name}=${sysctlText value}\n"
    ) sysctl
  );
in
{
  options.boot = {
    kernel.enable = flag (!cfg.isContainer) "Whether the system has a kernel of its own.";
    kernelPackages = mkOption {
      type = types.raw;
      default = pkgs.linuxPackages;
      defaultText = lib.literalExpression "pkgs.linuxPackages";
      example = lib.literalExpression "pkgs.linuxPackages_cloud";
      description = "The kernel and the packages made for it.";
    };
    kernelPatches = mkOption {
      type = types.listOf types.attrs;
      default = [ ];
      description = "Patches of the kernel; not for Debian's kernels, which come built.";
    };
    kernelParams = mkOption {
      type = types.listOf (types.strMatching ''([^"[:space:]]|"[^"]*")+'');
      default = [ ];
      description = "Parameters of the kernel's command line.";
    };
    kernelModules = names "Kernel modules loaded in the second stage of the boot.";
    extraModulePackages = mkOption {
      type = types.listOf types.package;
      default = [ ];
      description = "Packages with further kernel modules.";
    };
    blacklistedKernelModules = names "Kernel modules that are not loaded on their own.";
    extraModprobeConfig = mkOption {
      type = types.lines;
      default = "";
      description = "Lines for `modprobe.d`.";
    };
    modprobeConfig.enable = flag true "Whether `modprobe.d` is made.";
    consoleLogLevel = mkOption {
      type = types.int;
      default = 4;
      description = "Kernel messages below this level appear on the console.";
    };
    hardwareScan = flag true "Whether drivers are loaded for the devices that are found.";
    vesa = flag false "Whether the VESA console is used.";
    crashDump.enable = flag false "Whether a crash kernel is kept in memory.";
    kernel.sysctl = mkOption {
      type = types.attrsOf sysctlValue;
      default = { };
      example = {
        "net.ipv4.ip_forward" = 1;
      };
      description = "Settings of the kernel at run time, as in {manpage}`sysctl(8)`; null leaves one alone.";
    };
    isContainer = flag cfg.isNspawnContainer "Whether the machine is a container: no kernel, no boot loader, no devices.";
    isNspawnContainer = flag false "Whether the container is run by systemd-nspawn.";
    supportedFilesystems = mkOption {
      type = types.coercedTo (types.listOf types.str) (list: lib.genAttrs list (_: true)) (
        types.attrsOf types.bool
      );
      default = { };
      example = [ "btrfs" ];
      description = "File systems which the machine can use.";
    };
    tmp = {
      useTmpfs = flag false "Whether `/tmp` is in memory.";
      cleanOnBoot = flag false "Whether `/tmp` is emptied at boot.";
      tmpfsSize = mkOption {
        type = types.oneOf [ types.str types.ints.positive ];
        default = "50%";
        description = "Size of `/tmp` in memory.";
      };
      tmpfsHugeMemoryPages = mkOption {
        type = types.enum [ "never" "always" "within_size" "advise" ];
        default = "never";
        description = "Whether `/tmp` in memory uses large pages.";
      };
    };
    devShmSize = mkOption {
      type = types.str;
      default = "50%";
      description = "Size of `/dev/shm`.";
    };
    runSize = mkOption {
      type = types.str;
      default = "25%";
      description = "Size of `/run`.";
    };
    devSize = mkOption {
      type = types.str;
      default = "5%";
      description = "Size of `/dev`.";
    };
    growPartition = flag false "Whether the root partition grows to fill its disk.";
    resumeDevice = mkOption {
      type = types.str;
      default = "";
      description = "Device from which a hibernated machine resumes.";
    };
    postBootCommands = mkOption {
      type = types.lines;
      default = "";
      description = "Shell commands run before the service manager starts.";
    };
    binfmt.emulatedSystems = names "Platforms whose programs run by emulation.";
    plymouth.enable = flag false "Whether the boot shows a picture.";
    nixStoreMountOpts = mkOption {
      type = types.listOf types.str;
      default = [ "ro" "nodev" "nosuid" ];
      description = "Options with which the store is mounted.";
    };
    readOnlyNixStore = flag true "Whether the store is mounted read-only.";
  };

  config = {
    boot.kernel.sysctl = {
      "kernel.printk" = lib.mkDefault cfg.consoleLogLevel;
      "fs.protected_hardlinks" = lib.mkDefault true;
      "fs.protected_symlinks" = lib.mkDefault true;
      "kernel.kptr_restrict" = lib.mkDefault 1;
      "vm.max_map_count" = lib.mkDefault 1048576;
    };
    boot.kernelParams = [ "loglevel=${toString cfg.consoleLogLevel}" ];
    environment.etc = lib.mkMerge [
      (mkIf (sysctl != { }) { "sysctl.d/60-nixos.conf".text = sysctlFile; })
      (mkIf (!cfg.isContainer) {
        "modules-load.d/nixos.conf" = mkIf (cfg.kernelModules != [ ]) {
          text = lib.concatMapStrings (name: name + "\n") cfg.kernelModules;
        };
        "modprobe.d/nixos.conf" =
          mkIf (cfg.blacklistedKernelModules != [ ] || cfg.extraModprobeConfig != "")
            {
              text =
                lib.concatMapStrings (name: "blacklist ${name}\n") cfg.blacklistedKernelModules
                + cfg.extraModprobeConfig;
            };
      })
    ];
    systemd.suppressedSystemUnits =
      lib.optional (cfg.kernelModules == [ ]) "systemd-modules-load.service"
      ++ lib.optional (sysctl == { }) "systemd-sysctl.service"
      ++ lib.optional (!cfg.tmp.useTmpfs) "tmp.mount";
    systemd.mounts = mkIf cfg.tmp.useTmpfs [
      {
        what = "tmpfs";
        where = "/tmp";
        type = "tmpfs";
        mountConfig.Options = [
          "mode=1777,strictatime,rw,nosuid,nodev,size=${toString cfg.tmp.tmpfsSize},huge=${cfg.tmp.tmpfsHugeMemoryPages}"
        ];
      }
    ];
    systemd.tmpfiles.rules = lib.optional cfg.tmp.cleanOnBoot "D! /tmp 1777 root root";
    system.activationScripts = mkIf (cfg.postBootCommands != "") {
      postBootCommands = {
        deps = [ "etc" "users" ];
        text = ''
          if [ ! -e /run/booted-system ]; then
            ${cfg.postBootCommands}
          fi
        '';
      };
    };
    # Debian's kernels come with the index that modprobe reads.
    system.modulesTree = mkIf cfg.kernel.enable (
      if cfg.extraModulePackages == [ ] then
        cfg.kernelPackages.kernel
      else
        import ./modules-tree.nix { inherit lib pkgs; } {
          kernel = cfg.kernelPackages.kernel;
          packages = cfg.extraModulePackages;
        }
    );
    system.build.kernel = cfg.kernelPackages.kernel;
  };
}
