# From `fileSystems` to the units that put the machine's root together below /sysroot, and the way
# from there to the machine's own first process.
{
  config,
  lib,
  pkgs,
  utils,
  ...
}:
let
  inherit (lib) mkIf;
  cfg = config.boot.initrd.systemd;
  bootMounts = lib.filter utils.fsNeededForBoot config.system.build.fileSystems;
  # These units do their work even where the initial file system has no shell for people.
  tool = "${pkgs.busybox}/bin/busybox";
  below = path: if path == "/" then "/sysroot" else "/sysroot${path}";
  unitOf = path: "${utils.escapeSystemdPath path}.mount";
  forPrograms = [ "defaults" "auto" "noauto" "nofail" ];
  optionsOf =
    fs:
    lib.filter (
      option: !(lib.elem option forPrograms || lib.hasPrefix "x-systemd." option)
    ) fs.options;
  target = fs: if fs.mountPoint == "/" then "initrd-root-fs.target" else "initrd-fs.target";
  nofail = fs: lib.elem "nofail" fs.options;
  isDevice = fs: lib.hasPrefix "/dev/" (toString fs.device);
  checked =
    fs:
    config.boot.initrd.checkJournalingFS && isDevice fs && !fs.noCheck && lib.hasPrefix "ext" fs.fsType;
  checker = fs: "systemd-fsck@${utils.escapeSystemdPath fs.device}";
  formatter = fs: "systemd-makefs@${utils.escapeSystemdPath fs.device}";
  preparer = fs: "overlay-folders-${utils.escapeSystemdPath fs.mountPoint}";

  mount = fs: {
    # What is shown twice is a folder of the machine.
    what = if lib.elem "bind" fs.options then below (toString fs.device) else toString fs.device;
    where = below fs.mountPoint;
    type = if fs.fsType == "auto" then "" else fs.fsType;
    options = lib.concatStringsSep "," (optionsOf fs);
    ${if nofail fs then "wantedBy" else "requiredBy"} = [ (target fs) ];
    before = lib.optional (!nofail fs) (target fs);
    requires =
      lib.optional fs.autoFormat "${formatter fs}.service"
      ++ lib.optional (checked fs) "${checker fs}.service";
    after =
      lib.optional fs.autoFormat "${formatter fs}.service"
      ++ lib.optional (checked fs) "${checker fs}.service"
      ++ lib.optional (overlayFolders fs != [ ]) "${preparer fs}.service";
    wants = lib.optional (overlayFolders fs != [ ]) "${preparer fs}.service";
    unitConfig = {
      DefaultDependencies = false;
      RequiresMountsFor = lib.mkIf (fs.depends != [ ]) (lib.concatMapStringsSep " " below fs.depends);
    };
  };

  # Formats a device that has nothing on it.
  format = fs: {
    requires = [ "${utils.escapeSystemdPath fs.device}.device" ];
    after = [ "${utils.escapeSystemdPath fs.device}.device" ];
    before = [ (unitOf (below fs.mountPoint)) ];
    unitConfig.DefaultDependencies = false;
    serviceConfig = {
      Type = "oneshot";
      RemainAfterExit = true;
      TimeoutSec = 0;
      ExecStart = "/lib/systemd/systemd-makefs ${fs.fsType} ${fs.device}";
    };
  };

  # An overlay's own folders, which have to be there first.
  overlayFolders =
    fs: lib.filter (path: path != null) [ fs.overlay.upperdir fs.overlay.workdir ];
  prepare = fs: {
    unitConfig = {
      DefaultDependencies = false;
      RequiresMountsFor = lib.concatMapStringsSep " " below (overlayFolders fs);
    };
    before = [ (unitOf (below fs.mountPoint)) ];
    serviceConfig = {
      Type = "oneshot";
      RemainAfterExit = true;
      ExecStart = "${tool} mkdir -p ${lib.concatMapStringsSep " " below (overlayFolders fs)}";
    };
  };
in
{
  config = mkIf cfg.enable {
    boot.initrd.systemd = {
      mounts = map mount bootMounts;
      services =
        lib.listToAttrs (
          map (fs: lib.nameValuePair (formatter fs) (format fs)) (
            lib.filter (fs: fs.autoFormat && isDevice fs) bootMounts
          )
          ++ map (
            fs:
            lib.nameValuePair (checker fs) {
              overrideStrategy = "asDropin";
              after = [ "${formatter fs}.service" ];
            }
          ) (lib.filter (fs: checked fs && fs.autoFormat) bootMounts)
          ++ map (fs: lib.nameValuePair (preparer fs) (prepare fs)) (
            lib.filter (fs: overlayFolders fs != [ ]) bootMounts
          )
        )
        // {
          systemd-udev-trigger = mkIf (!config.services.udev.allHardware) {
            overrideStrategy = "asDropin";
            after = [ "systemd-modules-load.service" ];
            serviceConfig.ExecStart = [
              ""
              "-udevadm trigger --type=devices --action=add ${
                lib.concatMapStringsSep " " (name: "--subsystem-match=${name}") [
                  "block"
                  "hid"
                  "mmc"
                  "net"
                  "nvme"
                  "pci"
                  "scsi"
                  "serio"
                  "usb"
                  "virtio"
                ]
              }"
            ];
          };
          # The real root's fstab says nothing that isn't known here.
          initrd-parse-etc = {
            overrideStrategy = "asDropin";
            serviceConfig.ExecStart = [
              ""
              "systemctl --no-block start initrd-cleanup.service"
            ];
          };
          # Where `init=` of the kernel's command line is a system of ours, its root is made ready here, and systemd
          # goes on as the machine's own, which then knows what happened until now. Anything else is started as it is.
          initrd-nixos-activation = {
            description = "Activation of the Machine's System";
            requiredBy = [ "initrd-switch-root.service" ];
            before = [ "initrd-switch-root.service" ];
            after = [ "initrd-switch-root.target" ];
            unitConfig = {
              DefaultDependencies = false;
              AssertPathExists = "/etc/initrd-release";
              RequiresMountsFor = "/sysroot";
            };
            serviceConfig.Type = "oneshot";
            script = ''
              init=
              for word in $(${tool} cat /proc/cmdline); do
                case "$word" in init=*) init="''${word#init=}" ;; esac
              done
              printf 'FIRST_PROGRAM=%s\n' "$init" > /run/switch-root.conf
              system="''${init%/*}"
              if [ -n "$system" ] && [ -L "/sysroot$system/prepare-root" ]; then
                for folder in dev proc run sys; do
                  ${tool} mkdir -p "/sysroot/$folder"
                  ${tool} mount -o rbind "/$folder" "/sysroot/$folder"
                done
                ${tool} chroot /sysroot "$system/prepare-root"
                printf 'FIRST_PROGRAM=\n' > /run/switch-root.conf
              fi
            '';
          };
          initrd-switch-root = {
            overrideStrategy = "asDropin";
            serviceConfig = {
              EnvironmentFile = "-/run/switch-root.conf";
              # An empty name is systemd's own.
              ExecStart = [
                ""
                ''systemctl --no-block switch-root /sysroot "''${FIRST_PROGRAM}"''
              ];
            };
          };
          # systemd goes on only where it sees a system.
          prepare-root = {
            description = "Preparation of the Machine's Root";
            requiredBy = [ "initrd-fs.target" ];
            before = [ "initrd-fs.target" ];
            after = [ "initrd-root-fs.target" ];
            unitConfig = {
              DefaultDependencies = false;
              RequiresMountsFor = "/sysroot";
            };
            serviceConfig = {
              Type = "oneshot";
              RemainAfterExit = true;
            };
            script = ''
              [ -d /sysroot/etc ] || ${tool} mkdir -m 0755 /sysroot/etc
              [ -L /sysroot/etc/os-release ] || [ -e /sysroot/etc/os-release ] || : > /sysroot/etc/os-release
            '';
          };
          panic-on-fail = {
            description = "End of a Boot that Failed";
            wantedBy = [ "emergency.target" ];
            unitConfig = {
              DefaultDependencies = false;
              ConditionKernelCommandLine = [
                "|boot.panic_on_fail"
                "|stage1panic"
              ];
            };
            serviceConfig = {
              Type = "oneshot";
              StandardOutput = "null";
            };
            script = ''
              echo "the initial file system could not go on; its journal says why" > /dev/kmsg
              echo c > /proc/sysrq-trigger
            '';
          };
        };
    };
  };
}
