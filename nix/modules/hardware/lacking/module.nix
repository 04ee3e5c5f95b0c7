# What profiles of hardware switch on for whole families of machines, and `base` has not. The
# machines work without, so that it is no error: the user is told.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag;
  whys = {
    "hardware.alsa.enablePersistence" = "the volume is not kept over a restart";
    "hardware.facetimehd.enable" = "the firmware of Apple's cameras is not free, and the camera stays unused";
    "hardware.keyboard.qmk.enable" = "keyboards that can be programmed are not set up for that";
    "hardware.system76.enableAll" = "System76's own drivers are not there";
    "services.asusd.enable" = "the extras of ASUS' laptops are not there";
    "services.hdapsd.enable" = "disks are not parked when the machine falls";
    "services.throttled.enable" = "the processor keeps the limits of its firmware";
  };
  pathOf = lib.splitString ".";
  declare = name: why: lib.setAttrByPath (pathOf name) (flag false "Not to be had in `base`: ${why}.");
  isOn = name: lib.getAttrFromPath (pathOf name) config;
in
{
  options = lib.foldl' lib.recursiveUpdate {
    hardware.facetimehd.withCalibration = flag false "Whether the camera's colours are right.";
    services.throttled.extraConfig = mkOption {
      type = types.str;
      default = "";
      description = "Configuration of throttled.";
    };
  } (lib.mapAttrsToList declare whys);
  config.warnings = map (name: "${name}: base has not what this needs; ${whys.${name}}. Set it to false to be rid of this warning.") (
    lib.filter isOn (lib.attrNames whys)
  );
}
