# Sensors of light, position and distance.
{ config, lib, pkgs, ... }:
let
  cfg = config.hardware.sensor.iio;
in
{
  options.hardware.sensor.iio = {
    enable = lib.mkEnableOption "sensors of light, position and distance";
    package = lib.mkPackageOption pkgs "iio-sensor-proxy" { };
  };
  config = lib.mkIf cfg.enable (
    lib.mkMerge [
      (import ../../debian-service.nix {
        inherit (cfg) package;
        unit = "iio-sensor-proxy";
      })
      { boot.initrd.availableKernelModules = [ "hid-sensor-hub" ]; }
    ]
  );
}
