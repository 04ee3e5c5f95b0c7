# Fingerprint readers.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.fprintd;
in
{
  options.services.fprintd = {
    enable = lib.mkEnableOption "fprintd, for fingerprint readers";
    package = lib.mkPackageOption pkgs "fprintd" { };
    tod.enable = lib.mkEnableOption "drivers that are not free";
    tod.driver = mkOption {
      type = types.nullOr types.package;
      default = null;
      description = "The driver that is not free.";
    };
  };
  config = lib.mkIf cfg.enable (
    lib.mkMerge [
      (import ../../debian-service.nix {
        inherit (cfg) package;
        unit = "fprintd";
      })
      {
        services.udev.packages = [ pkgs.debian.libfprint-2-2 ];
        security.polkit.enable = true;
        assertions = [
          {
            assertion = !cfg.tod.enable;
            message = ''
              services.fprintd.tod.enable: these drivers are not free and not part of Debian's main, so base cannot have them.
              Set it to false; without such a driver this reader stays unused.
            '';
          }
        ];
      }
    ]
  );
}
