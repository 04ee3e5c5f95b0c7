# systemd-timesyncd: sets the clock from time servers.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.timesyncd;
in
{
  options.services.timesyncd = {
    enable = mkOption {
      type = types.bool;
      default = !config.boot.isContainer;
      defaultText = lib.literalExpression "!config.boot.isContainer";
      description = "Whether systemd-timesyncd sets the clock.";
    };
    servers = mkOption {
      type = types.nullOr (types.listOf types.str);
      default = config.networking.timeServers;
      defaultText = lib.literalExpression "config.networking.timeServers";
      description = "Time servers; an empty list uses none.";
    };
    fallbackServers = mkOption {
      type = types.nullOr (types.listOf types.str);
      default = null;
      description = "Servers used when no others are known.";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      description = "Lines of `timesyncd.conf`.";
    };
  };
  config = lib.mkIf cfg.enable {
    environment.etc."systemd/timesyncd.conf".text = ''
      [Time]
      ${lib.optionalString (cfg.servers != null) "NTP=${toString cfg.servers}\n"}${
        lib.optionalString (cfg.fallbackServers != null) "FallbackNTP=${toString cfg.fallbackServers}\n"
      }${cfg.extraConfig}'';
    systemd.services.systemd-timesyncd = {
      overrideStrategy = "asDropin";
      enableDefaultPath = false;
      wantedBy = [ "sysinit.target" ];
      aliases = [ "dbus-org.freedesktop.timesync1.service" ];
    };
  };
}
