# Keeps Intel processors from getting too hot.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag;
  cfg = config.services.thermald;
in
{
  options.services.thermald = {
    enable = lib.mkEnableOption "thermald, which keeps Intel processors from getting too hot";
    debug = flag false "Whether it writes more to the journal.";
    ignoreCpuidCheck = flag false "Whether it runs on processors that it does not know.";
    configFile = mkOption {
      type = types.nullOr types.path;
      default = null;
      description = "A file of sensors and limits, {manpage}`thermal-conf.xml(5)`; without it thermald finds them.";
    };
    package = lib.mkPackageOption pkgs "thermald" { };
  };
  config = lib.mkIf cfg.enable {
    services.dbus.packages = [ cfg.package ];
    systemd.services.thermald = {
      description = "Keep the processor from getting too hot";
      wantedBy = [ "multi-user.target" ];
      after = [ "dbus.service" ];
      serviceConfig = {
        Type = "dbus";
        BusName = "org.freedesktop.thermald";
        ExecStart = lib.concatStringsSep " " (
          [
            "${cfg.package}/sbin/thermald"
            "--no-daemon"
            "--dbus-enable"
          ]
          ++ lib.optional cfg.debug "--loglevel=debug"
          ++ lib.optional cfg.ignoreCpuidCheck "--ignore-cpuid-check"
          ++ (if cfg.configFile == null then [ "--adaptive" ] else [ "--config-file ${cfg.configFile}" ])
        );
      };
    };
  };
}
