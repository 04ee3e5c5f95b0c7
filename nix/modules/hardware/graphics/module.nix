# Accelerated graphics: drivers where programs look for them, `/run/opengl-driver`.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag;
  cfg = config.hardware.graphics;
  packages =
    description:
    mkOption {
      type = types.listOf types.path;
      default = [ ];
      inherit description;
    };
  drivers = pkgs.buildEnv {
    name = "graphics-drivers";
    paths = [ cfg.package ] ++ mesa ++ cfg.extraPackages;
    ignoreCollisions = true;
  };
  mesa = [
    pkgs.debian.libglx-mesa0
    pkgs.debian.libegl-mesa0
    pkgs.debian.mesa-va-drivers
    pkgs.debian.mesa-vulkan-drivers
  ];
in
{
  options.hardware.graphics = {
    enable = flag false "Whether accelerated graphics are set up.";
    enable32Bit = flag false "Whether programs of 32 bits get accelerated graphics too; `base` has no such programs.";
    package = lib.mkPackageOption pkgs "mesa" { };
    extraPackages = packages "Further drivers for graphics and video.";
    extraPackages32 = packages "Further drivers for programs of 32 bits, of which `base` has none.";
  };
  config = lib.mkIf cfg.enable {
    systemd.tmpfiles.settings.graphics-driver."/run/opengl-driver"."L+".argument = "${drivers}";
  };
}
