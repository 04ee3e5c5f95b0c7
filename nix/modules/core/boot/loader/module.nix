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
      default = cfg.systemd-boot.enable || cfg.grub.enable;
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
    generic-extlinux-compatible.enable = flag false "Whether U-Boot's extlinux menu is made.";
  };
  # What is said of every loader that the activation installs.
  config.system.activationPlan.bootLoader = mkIf (cfg.systemd-boot.enable || cfg.grub.enable) {
    inherit (cfg) timeout;
    title = config.system.nixos.distroName;
secrets = config.system.build.initrdSecrets;
  };
}
