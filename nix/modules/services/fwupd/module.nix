# Updates of firmware.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.fwupd;
  format = pkgs.formats.ini {
    listToValue = lib.concatStringsSep ";";
    mkKeyValue = lib.generators.mkKeyValueDefault { } "=";
  };
in
{
  options.services.fwupd = {
    enable = lib.mkEnableOption "fwupd, which updates the firmware of devices";
    package = lib.mkPackageOption pkgs "fwupd" { };
    daemonSettings = mkOption {
      type = types.submodule { freeformType = format.type.nestedTypes.elemType; };
      default = { };
      example.DisabledDevices = [ "2082b5e0-7a64-478a-b1b2-e3404fab6dad" ];
      description = "Settings of the daemon, in the section `fwupd` of `fwupd.conf`.";
    };
    extraRemotes = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "lvfs-testing" ];
      description = "Further sources of firmware among those that fwupd knows.";
    };
  };
  config = lib.mkIf cfg.enable (
    lib.mkMerge [
      (import ../../debian-service.nix {
        inherit (cfg) package;
        unit = "fwupd";
      })
      {
        security.polkit.enable = true;
        environment.etc = {
          "fwupd/fwupd.conf".source = format.generate "fwupd.conf" { fwupd = cfg.daemonSettings; };
          "fwupd/remotes.d/lvfs.conf".source = "${cfg.package}/etc/fwupd/remotes.d/lvfs.conf";
        }
        // lib.genAttrs' cfg.extraRemotes (
          remote:
          lib.nameValuePair "fwupd/remotes.d/${remote}.conf" {
            source = "${cfg.package}/etc/fwupd/remotes.d/${remote}.conf";
          }
        );
      }
    ]
  );
}
