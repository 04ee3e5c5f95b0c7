# Devices at Thunderbolt 3.
{ config, lib, pkgs, ... }:
let
  cfg = config.services.hardware.bolt;
in
{
  options.services.hardware.bolt = {
    enable = lib.mkEnableOption "Bolt, which lets devices at Thunderbolt 3 in";
    package = lib.mkPackageOption pkgs "bolt" { };
  };
  config = lib.mkIf cfg.enable (
    lib.mkMerge [
      (import ../../../debian-service.nix {
        inherit (cfg) package;
        unit = "bolt";
      })
      { security.polkit.enable = true; }
    ]
  );
}
