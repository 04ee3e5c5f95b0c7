# Batteries and other sources of power.
{ config, lib, pkgs, ... }:
let
  cfg = config.services.upower;
in
{
  options.services.upower = {
    enable = lib.mkEnableOption "UPower, which tells programs about batteries";
    package = lib.mkPackageOption pkgs "upower" { };
  };
  config = lib.mkIf cfg.enable (
    lib.mkMerge [
      (import ../../debian-service.nix {
        inherit (cfg) package;
        unit = "upower";
        settings.wantedBy = [ "graphical.target" ];
      })
      { environment.etc."UPower/UPower.conf".source = "${cfg.package}/etc/UPower/UPower.conf"; }
    ]
  );
}
