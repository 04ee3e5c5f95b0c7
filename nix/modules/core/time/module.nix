# Time zone and clock.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  zone = config.time.timeZone;
in
{
  options.time = {
    timeZone = mkOption {
      type = types.nullOr (types.strMatching "[^ ]+");
      default = null;
      example = "Europe/Berlin";
      description = "Time zone; null means UTC until one is chosen on the machine.";
    };
    hardwareClockInLocalTime = mkOption {
      type = types.bool;
      default = false;
      description = "Whether the hardware clock shows local time.";
    };
  };
  options.location = {
    latitude = mkOption {
      type = types.float;
      description = "Latitude of the machine.";
    };
    longitude = mkOption {
      type = types.float;
      description = "Longitude of the machine.";
    };
    provider = mkOption {
      type = types.enum [ "manual" "geoclue2" ];
      default = "manual";
      description = "Where the location comes from.";
    };
  };
  config = {
    environment.sessionVariables.TZDIR = lib.mkIf (zone != null) "/etc/zoneinfo";
    environment.etc = lib.mkIf (zone != null) {
      zoneinfo.source = "${pkgs.tzdata}/share/zoneinfo";
      localtime = {
        source = "/etc/zoneinfo/${zone}";
        mode = "direct-symlink";
      };
    };
    system.usrPackages = lib.optional (zone != null) pkgs.tzdata;
  };
}
