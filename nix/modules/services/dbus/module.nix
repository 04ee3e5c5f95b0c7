# D-Bus, started when something first speaks to it.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.dbus;
in
{
  options.services.dbus = {
    enable = mkOption {
      type = types.bool;
      default = true;
      description = "Whether D-Bus is there.";
    };
    packages = mkOption {
      type = types.listOf types.path;
      default = [ ];
      description = "Packages with services and policies of D-Bus.";
    };
    implementation = mkOption {
      type = types.enum [ "dbus" "broker" ];
      default = "dbus";
      description = "Which program carries the messages.";
    };
    apparmor = mkOption {
      type = types.enum [ "enabled" "disabled" "required" ];
      default = "disabled";
      description = "Whether AppArmor restricts messages.";
    };
  };
  config = lib.mkMerge [
    (lib.mkIf cfg.enable {
      system.usrPackages = [ pkgs.dbus ] ++ lib.filter lib.isDerivation cfg.packages;
      environment.corePackages = [ pkgs.dbus ];
      # The second is each user's own bus.
      systemd.packages = [ pkgs.dbus pkgs.debian.dbus-user-session ];
      systemd.startedOnDemand = [ "multi-user.target.wants/dbus.service" ];
      systemd.sockets.dbus = {
        overrideStrategy = "asDropin";
        wantedBy = [ "sockets.target" ];
      };
    })
    (lib.mkIf (!cfg.enable) {
      systemd.suppressedSystemUnits = [ "dbus.service" "dbus.socket" ];
    })
  ];
}
