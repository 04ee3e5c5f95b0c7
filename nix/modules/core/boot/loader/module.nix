# Boot loaders: how a machine with firmware finds its kernel.
{
  config,
  lib,
  ...
}:
let
  inherit (lib) mkOption mkIf types;
  cfg = config.boot.loader;
  inherit (import ../../../option-kinds.nix { inherit lib; }) flag;
  text =
    default: description:
    mkOption {
      type = types.lines;
      inherit default description;
    };
in
{
  options.boot.loader = {
    timeout = mkOption {
      type = types.nullOr types.int;
      default = 5;
      description = "Seconds the boot menu waits; null waits for ever.";
    };
    supportsInitrdSecrets = mkOption {
      type = types.bool;
      internal = true;
      default = cfg.systemd-boot.enable;
      description = "Whether the boot loader's installation adds secrets to initial file systems.";
    };
    external.enable = flag false "Whether a program of your own installs the boot loader.";
    initScript.enable = flag false "Whether `/sbin/init` starts the newest generation.";
    efi = {
      canTouchEfiVariables = flag false "Whether the installation may change the firmware's boot entries.";
      efiSysMountPoint = mkOption {
        type = types.str;
        default = "/boot";
        description = "Where the EFI system partition is mounted.";
      };
    };
    grub = {
      enable = flag false "Whether GRUB starts the machine.";
      device = mkOption {
        type = types.str;
        default = "";
        description = "Disk on which GRUB is installed.";
      };
      devices = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Disks on which GRUB is installed.";
      };
      efiSupport = flag false "Whether GRUB is installed for EFI.";
      efiInstallAsRemovable = flag false "Whether GRUB is installed where firmware looks by default.";
      useOSProber = flag false "Whether other systems appear in the menu.";
      configurationName = mkOption {
        type = types.str;
        default = "";
        description = "Name of this configuration in the menu.";
      };
      configurationLimit = mkOption {
        type = types.int;
        default = 100;
        description = "How many generations the menu shows.";
      };
      extraConfig = text "" "Lines of GRUB's configuration.";
      extraEntries = text "" "Further entries of the menu.";
      splashImage = mkOption {
        type = types.nullOr types.path;
        default = null;
        description = "Picture behind the menu.";
      };
      enableCryptodisk = flag false "Whether GRUB opens encrypted disks.";
    };
    generic-extlinux-compatible.enable = flag false "Whether U-Boot's extlinux menu is made.";
  };
  config = {
    system.activationPlan.bootLoader = mkIf (cfg.grub.enable) {
      kind = "grub";
      inherit (cfg) timeout;
    };
    assertions = [
      {
        assertion = !cfg.grub.enable;
        message = "boot.loader.grub.enable: GRUB can't be installed by base yet; use boot.loader.systemd-boot.enable.";
      }
    ];
  };
}
