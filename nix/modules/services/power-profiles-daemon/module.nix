# A choice between speed and saving power.
{ config, lib, pkgs, ... }:
let
  cfg = config.services.power-profiles-daemon;
in
{
  options.services.power-profiles-daemon = {
    enable = lib.mkEnableOption "power-profiles-daemon, with which desktops choose between speed and saving power";
    package = lib.mkPackageOption pkgs "power-profiles-daemon" { };
  };
  config = lib.mkIf cfg.enable (
    lib.mkMerge [
      (import ../../debian-service.nix {
        inherit (cfg) package;
        unit = "power-profiles-daemon";
        settings.wantedBy = [ "graphical.target" ];
      })
      { security.polkit.enable = true; }
    ]
  );
}
