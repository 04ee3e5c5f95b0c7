# Bluetooth.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag names;
  cfg = config.hardware.bluetooth;
  format = pkgs.formats.ini { };
  settings =
    file:
    mkOption {
      inherit (format) type;
      default = { };
      example.General.ControllerMode = "bredr";
      description = "Settings, as in `/etc/bluetooth/${file}.conf`.";
    };
  disabled = lib.optionalString (
    cfg.disabledPlugins != [ ]
  ) " --noplugin=${lib.concatStringsSep "," cfg.disabledPlugins}";
  fileOf = name: value: {
    "bluetooth/${name}.conf".source = format.generate "${name}.conf" value;
  };
in
{
  options.hardware.bluetooth = {
    enable = lib.mkEnableOption "Bluetooth";
    package = lib.mkPackageOption pkgs "bluez" { };
    powerOnBoot = flag true "Whether the adapter is on after the boot.";
    disabledPlugins = names "Plugins of the daemon that are not loaded.";
    settings = settings "main";
    input = settings "input";
    network = settings "network";
  };
  config = lib.mkIf cfg.enable (
    lib.mkMerge [
      (import ../../debian-service.nix {
        inherit (cfg) package;
        unit = "bluetooth";
        settings = {
          wantedBy = [ "bluetooth.target" ];
          aliases = [ "dbus-org.bluez.service" ];
          serviceConfig.ExecStart = [
            ""
            "${cfg.package}/libexec/bluetooth/bluetoothd -f /etc/bluetooth/main.conf${disabled}"
          ];
        };
      })
      {
        hardware.bluetooth.settings.Policy.AutoEnable = lib.mkDefault cfg.powerOnBoot;
        environment.etc =
          fileOf "main" cfg.settings // fileOf "input" cfg.input // fileOf "network" cfg.network;
      }
    ]
  );
}
