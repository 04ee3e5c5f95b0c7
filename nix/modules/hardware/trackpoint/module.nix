# The stick between the keys of some laptops.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag;
  cfg = config.hardware.trackpoint;
  strength =
    default: description:
    mkOption {
      type = types.int;
      inherit default description;
    };
in
{
  options.hardware.trackpoint = {
    enable = lib.mkEnableOption "settings of the trackpoint";
    sensitivity = strength 128 "How much it moves the pointer, from 0 to 255.";
    speed = strength 97 "How fast it moves the pointer, from 0 to 255.";
    emulateWheel = flag false "Whether the middle button and the trackpoint scroll.";
    fakeButtons = flag false "Whether its buttons are taken from where the touchpad has them.";
    device = mkOption {
      type = types.str;
      default = "TPPS/2 IBM TrackPoint";
      description = "The trackpoint's name, as `/proc/bus/input/devices` has it.";
    };
  };
  config = lib.mkIf (cfg.enable || cfg.fakeButtons) (
    lib.mkMerge [
      (lib.mkIf cfg.fakeButtons {
        boot.extraModprobeConfig = "options psmouse proto=bare";
      })
      (lib.mkIf cfg.enable {
        services.udev.extraRules = ''
          ACTION=="add|change", SUBSYSTEM=="input", ATTR{name}=="${cfg.device}", ATTR{device/speed}="${toString cfg.speed}", ATTR{device/sensitivity}="${toString cfg.sensitivity}"
        '';
        systemd.services.trackpoint = {
          description = "Set up the trackpoint";
          wantedBy = [ "basic.target" ];
          before = [ "basic.target" ];
          after = [ "systemd-udev-trigger.service" ];
          serviceConfig = {
            Type = "oneshot";
            RemainAfterExit = true;
            ExecStart = ''${pkgs.systemd}/bin/udevadm trigger --attr-match=name="${cfg.device}"'';
          };
        };
      })
    ]
  );
}
