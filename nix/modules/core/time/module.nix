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
    environment.sessionVariables.TZDIR = "/etc/zoneinfo";
    environment.etc = {
      # Also without a zone: one may be chosen on the machine.
      zoneinfo.source = "${pkgs.tzdata}/share/zoneinfo";
      localtime = lib.mkIf (zone != null) {
        source = "/etc/zoneinfo/${zone}";
        mode = "direct-symlink";
      };
    };
    system.usrPackages = [ pkgs.tzdata ];
    # A zone that the configuration names is changed there.
    systemd.services.systemd-timedated = lib.mkIf (zone != null) {
      overrideStrategy = "asDropin";
      enableDefaultPath = false;
      serviceConfig = {
        ReadWritePaths = [ "" ];
        ReadOnlyPaths = [ "/etc" ];
      };
    };
  };
}
