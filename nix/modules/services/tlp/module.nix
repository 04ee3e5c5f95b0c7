# TLP: saves power on laptops.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.tlp;
  format = pkgs.formats.keyValue { };
in
{
  options.services.tlp = {
    enable = lib.mkEnableOption "TLP, which saves power on laptops";
    package = lib.mkPackageOption pkgs "tlp" { };
    settings = mkOption {
      inherit (format) type;
      default = { };
      example = {
        SATA_LINKPWR_ON_BAT = "med_power_with_dipm";
        USB_BLACKLIST_PHONE = 1;
      };
      description = "Settings of TLP, as its own documentation has them (`tlp.conf`).";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      description = "Lines added to `tlp.conf`; `settings` is the better way.";
    };
  };
  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = !config.services.power-profiles-daemon.enable;
        message = ''
          services.tlp.enable and services.power-profiles-daemon.enable are both set, and each undoes what the other does.
          Set one of them to false.
        '';
      }
    ];
    environment.systemPackages = [ cfg.package ];
    environment.etc."tlp.conf".text =
      lib.generators.toKeyValue { } cfg.settings + cfg.extraConfig;
    services.udev.packages = [ cfg.package ];
    systemd = {
      packages = [ cfg.package ];
      # It does what these do, and restores more.
      suppressedSystemUnits = [
        "systemd-rfkill.service"
        "systemd-rfkill.socket"
      ];
      services.tlp = {
        overrideStrategy = "asDropin";
        enableDefaultPath = false;
        wantedBy = [ "multi-user.target" ];
      };
    };
  };
}
