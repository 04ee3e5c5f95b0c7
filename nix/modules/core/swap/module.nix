# Swap devices and files.
{ lib, ... }:
let
  inherit (lib) mkOption types;
in
{
  options.swapDevices = mkOption {
    default = [ ];
    example = [ { device = "/dev/disk/by-label/swap"; } ];
    description = "Devices and files to which memory is swapped.";
    type = types.listOf (
      types.submodule (
        { config, ... }:
        {
          options = {
            device = mkOption {
              type = types.str;
              description = "Device or file.";
            };
            label = mkOption {
              type = types.nullOr types.str;
              default = null;
              description = "Label of the device.";
            };
            size = mkOption {
              type = types.nullOr types.int;
              default = null;
              description = "Size in MiB of a swap file that is made when it is missing.";
            };
            priority = mkOption {
              type = types.nullOr types.int;
              default = null;
              description = "Priority among swap devices.";
            };
            discardPolicy = mkOption {
              type = types.nullOr (types.enum [ "once" "pages" "both" ]);
              default = null;
              description = "When freed pages are discarded.";
            };
            options = mkOption {
              type = types.listOf types.str;
              default = [ "defaults" ];
              description = "Mount options.";
            };
            randomEncryption.enable = mkOption {
              type = types.bool;
              default = false;
              description = "Whether the device is encrypted with a new key at each boot.";
            };
            realDevice = mkOption {
              type = types.path;
              internal = true;
              description = "The device that is used.";
            };
          };
          config = {
            device = lib.mkIf (config.label != null) "/dev/disk/by-label/${config.label}";
            realDevice = lib.mkDefault config.device;
          };
        }
      )
    );
  };
  options.zramSwap.enable = mkOption {
    type = types.bool;
    default = false;
    description = "Whether part of the memory is used as compressed swap.";
  };
}
