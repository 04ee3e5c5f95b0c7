# The machine as a virtual one: `system.build.vm`, a script that starts it in QEMU, and the same with its boot loader.
{
  config,
  lib,
  extendModules,
  ...
}:
let
  inherit (lib) mkOption mkDefault;
  # A variant has no variants of its own.
  bare = {
    options.virtualisation = lib.genAttrs [ "vmVariant" "vmVariantWithBootLoader" ] (
      name:
      mkOption {
        apply = _: throw "virtualisation.${name} has no effect in itself";
      }
    );
  };
  plain = extendModules { modules = [ ../../../testing/vm-script bare ]; };
  withBootLoader = plain.extendModules {
    modules = [
      (
        { config, ... }:
        {
          virtualisation.useBootLoader = true;
          virtualisation.useEFIBoot =
            config.boot.loader.systemd-boot.enable || config.boot.loader.efi.canTouchEfiVariables;
        }
      )
    ];
  };
  variant =
    kind: description:
    mkOption {
      inherit (kind) type;
      inherit description;
      default = { };
      visible = "shallow";
    };
in
{
  options.virtualisation = {
    vmVariant = variant plain "What the machine has beside its own configuration where `system.build.vm` makes it.";
    vmVariantWithBootLoader = variant withBootLoader "The same for `system.build.vmWithBootLoader`.";
  };
  config.system.build = {
    vm = mkDefault config.virtualisation.vmVariant.system.build.vm;
    vmWithBootLoader = mkDefault config.virtualisation.vmVariantWithBootLoader.system.build.vm;
  };
}
