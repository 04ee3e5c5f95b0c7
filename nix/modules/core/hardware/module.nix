# Basics of the hardware.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  flag =
    default: description:
    mkOption {
      type = types.bool;
      inherit default description;
    };
in
{
  options.hardware = {
    firmware = mkOption {
      type = types.listOf types.package;
      default = [ ];
      description = "Packages with firmware for devices.";
    };
    enableRedistributableFirmware = flag config.hardware.enableAllFirmware "Whether freely given firmware is installed.";
    enableAllFirmware = flag false "Whether all firmware is installed.";
    enableAllHardware = flag false "Whether drivers for most hardware are in the initial file system.";
    cpu.intel.updateMicrocode = flag false "Whether Intel processors get new microcode at boot.";
    cpu.amd.updateMicrocode = flag false "Whether AMD processors get new microcode at boot.";
    graphics.enable = flag false "Whether accelerated graphics are set up.";
    bluetooth.enable = flag false "Whether Bluetooth is set up.";
    ksm.enable = flag false "Whether equal memory pages are shared.";
    deviceTree.enable = flag false "Whether a device tree is built.";
  };
  options.powerManagement = {
    enable = flag true "Whether power is managed.";
    cpuFreqGovernor = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "What sets the processors' frequency.";
    };
  };
}
