# Basics of the hardware.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag;
  text =
    default: description:
    mkOption {
      type = types.nullOr types.str;
      inherit default description;
    };
in
{
  # What `base` has no drivers for is said here all the same: profiles of hardware set it.
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
    amdgpu.initrd.enable = flag false "Whether the driver of AMD's graphics is loaded in the initial file system.";
    amdgpu.legacySupport.enable = flag false "Whether the newer driver is used for old graphics of AMD.";
    amdgpu.opencl.enable = flag false "Whether computing on AMD's graphics is set up.";
    acpilight.enable = flag false "Whether the members of `video' may set the light of the screen.";
    ksm.enable = flag false "Whether equal memory pages are shared.";
    deviceTree.enable = flag false "Whether a device tree is built.";
    deviceTree.name = text null "The file of the device tree.";
    deviceTree.filter = text null "Which device trees are taken.";
  };
  config.boot.initrd.kernelModules = lib.mkIf config.hardware.amdgpu.initrd.enable [ "amdgpu" ];
}
