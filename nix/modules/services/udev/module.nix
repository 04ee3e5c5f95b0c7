# udev: names devices and tells the service manager of them.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) lines;
  cfg = config.services.udev;
  machine = !config.boot.isContainer;
  droppedRules = [
    "60-autosuspend.rules"
    "60-cdrom_id.rules"
    "60-drm.rules"
    "60-evdev.rules"
    "60-fido-id.rules"
    "60-infiniband.rules"
    "60-input-id.rules"
    "60-libfprint-2-autosuspend.rules"
    "60-persistent-alsa.rules"
    "60-persistent-input.rules"
    "60-persistent-storage-tape.rules"
    "60-persistent-v4l.rules"
    "60-sensor.rules"
    "61-autosuspend-manual.rules"
    "70-camera.rules"
    "70-joystick.rules"
    "70-memory.rules"
    "70-mouse.rules"
    "70-power-switch.rules"
    "70-touchpad.rules"
    "75-probe_mtd.rules"
    "78-sound-card.rules"
    "81-net-dhcp.rules"
    "82-net-auto-link-local.rules"
    "90-iocost.rules"
    "90-vconsole.rules"
    "96-e2scrub.rules"
    "60-persistent-storage-mtd.rules"
  ];
  units = [
    "systemd-udevd.service"
    "systemd-udev-trigger.service"
    "systemd-udevd-control.socket"
    "systemd-udevd-kernel.socket"
    "systemd-udev-settle.service"
  ];
in
{
  options.services.udev = {
    enable = mkOption {
      type = types.bool;
      default = machine;
      defaultText = lib.literalExpression "!config.boot.isContainer";
      description = "Whether udev runs.";
    };
    packages = mkOption {
      type = types.listOf types.path;
      default = [ ];
      description = "Packages with rules in `lib/udev/rules.d` or `etc/udev/rules.d`.";
    };
    path = mkOption {
      type = types.listOf types.path;
      default = [ ];
      description = "Packages whose programs rules find by name.";
    };
    extraRules = lines "Rules, in a file that comes late (`99-local.rules`).";
    extraHwdb = lines "Entries of the hardware database.";
    allHardware = mkOption {
      type = types.bool;
      default = false;
      description = "Whether events of all devices are replayed at boot and all of systemd's rules are used. Otherwise only disks, networks and serial lines are, which boots much faster.";
    };
  };
  config = lib.mkMerge [
    (lib.mkIf cfg.enable {
      system.usrPackages = [ pkgs.udev ] ++ lib.filter lib.isDerivation cfg.packages;
      environment.etc = {
        "udev/rules.d/99-local.rules" = lib.mkIf (cfg.extraRules != "") { text = cfg.extraRules; };
        # systemd's own rules hold back encrypted devices with nothing on them, which those that format
        # them wait for. As in NixOS, they are there for all.
        "udev/rules.d/99-unformatted.rules".text = ''
          SUBSYSTEM=="block", ENV{DM_UUID}=="CRYPT-*", ENV{DM_SUSPENDED}!="1", ENV{DM_UDEV_DISABLE_OTHER_RULES_FLAG}!="1", ENV{ID_PART_TABLE_TYPE}=="", ENV{ID_FS_USAGE}=="", ENV{SYSTEMD_READY}="1"
        '';
        "udev/hwdb.d/99-local.hwdb" = lib.mkIf (cfg.extraHwdb != "") { text = cfg.extraHwdb; };
      }
      // lib.optionalAttrs (!cfg.allHardware) (
        lib.genAttrs (map (name: "udev/rules.d/${name}") droppedRules) (_: { source = "/dev/null"; })
      );
      systemd.services.systemd-udev-trigger = lib.mkIf (!cfg.allHardware) {
        overrideStrategy = "asDropin";
        enableDefaultPath = false;
        serviceConfig.ExecStart = [
          ""
          "-udevadm trigger --type=devices --action=add --subsystem-match=net --subsystem-match=block --subsystem-match=tty --sysname-match=ttyS* --sysname-match=hvc* --sysname-match=vd* --sysname-match=sd* --sysname-match=sr* --sysname-match=xvd* --sysname-match=mmcblk* --sysname-match=nvme* --sysname-match=dm-* --sysname-match=md* --sysname-match=eth* --sysname-match=en* --sysname-match=wl* --sysname-match=ww*"
        ];
      };
      systemd.suppressedSystemUnits = [ "systemd-udev-settle.service" ];
      boot.kernelParams = lib.mkIf (!config.networking.usePredictableInterfaceNames) [ "net.ifnames=0" ];
    })
    (lib.mkIf (!cfg.enable) { systemd.suppressedSystemUnits = units; })
  ];
}
