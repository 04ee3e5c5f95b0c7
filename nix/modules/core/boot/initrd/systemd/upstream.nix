# What of systemd's own package an initial file system has. Programs and units that are not named
# here are not there, so nothing has to be turned off.
{
  units = [
    # the way through the boot
    "basic.target"
    "initrd.target"
    "initrd-cleanup.service"
    "initrd-fs.target"
    "initrd-parse-etc.service"
    "initrd-root-device.target"
    "initrd-root-fs.target"
    "initrd-switch-root.service"
    "initrd-switch-root.target"
    "initrd-usr-fs.target"
    "initrd-udevadm-cleanup-db.service"
    "local-fs.target"
    "local-fs-pre.target"
    "paths.target"
    "slices.target"
    "sockets.target"
    "swap.target"
    "sysinit.target"
    "timers.target"
    # and out of it
    "emergency.service"
    "emergency.target"
    "final.target"
    "halt.target"
    "poweroff.target"
    "reboot.target"
    "rescue.service"
    "rescue.target"
    "shutdown.target"
    "sleep.target"
    "systemd-halt.service"
    "systemd-poweroff.service"
    "systemd-reboot.service"
    "umount.target"
    # devices, modules, the journal
    "modprobe@.service"
    "systemd-journald-dev-log.socket"
    "systemd-journald.service"
    "systemd-journald.socket"
    "systemd-modules-load.service"
    "systemd-udev-settle.service"
    "systemd-udev-trigger.service"
    "systemd-udevd-control.socket"
    "systemd-udevd-kernel.socket"
    "systemd-udevd.service"
    # passphrases and encrypted devices
    "cryptsetup-pre.target"
    "cryptsetup.target"
    "remote-cryptsetup.target"
    "system-systemd\\x2dcryptsetup.slice"
    "systemd-ask-password-console.path"
    "systemd-ask-password-console.service"
  ];
  # Links in `WANTER.wants`, as the package has them.
  wants = {
    "sysinit.target" = [
      "cryptsetup.target"
      "systemd-ask-password-console.path"
      "systemd-journald.service"
      "systemd-modules-load.service"
      "systemd-udev-trigger.service"
      "systemd-udevd.service"
    ];
    "sockets.target" = [
      "systemd-journald-dev-log.socket"
      "systemd-journald.socket"
      "systemd-udevd-control.socket"
      "systemd-udevd-kernel.socket"
    ];
  };
  # For file systems that are checked before they are mounted.
  checks = [ "systemd-fsck@.service" ];
  checkHelpers = [ "systemd-fsck" ];
  # Of the network, when there is one.
  network = [
    "network.target"
    "network-online.target"
    "network-pre.target"
    "systemd-networkd-wait-online.service"
    "systemd-networkd.service"
    "systemd-networkd.socket"
  ];
  # In `lib/systemd`.
  helpers = [
    "systemd"
    "systemd-cryptsetup"
    "systemd-journald"
    "systemd-makefs"
    "systemd-modules-load"
    "systemd-reply-password"
    "systemd-shutdown"
    "systemd-sulogin-shell"
    "systemd-sysctl"
    "systemd-udevd"
  ];
  networkHelpers = [
    "systemd-networkd"
    "systemd-networkd-wait-online"
  ];
  generators = [
    "systemd-cryptsetup-generator"
    "systemd-debug-generator"
  ];
  # In `bin`.
  programs = [
    "journalctl"
    "systemctl"
    "systemd-ask-password"
    "systemd-creds"
    "systemd-escape"
    "systemd-tty-ask-password-agent"
    "udevadm"
  ];
  networkPrograms = [ "networkctl" ];
  rules = [
    "50-firmware.rules"
    "50-udev-default.rules"
    "60-block.rules"
    "60-persistent-storage.rules"
    "60-serial.rules"
    "64-btrfs.rules"
    "75-net-description.rules"
    "80-drivers.rules"
    "80-net-setup-link.rules"
    "99-systemd.rules"
  ];
  # Common tools, all in one program.
  applets = [
    "awk" "basename" "blkid" "cat" "chmod" "chown" "clear" "cp" "cut" "date" "dd" "df" "dirname" "du" "echo" "env"
    "expr" "false" "find" "free" "grep" "head" "id" "install" "kill" "less" "ln" "losetup" "ls" "mkdir" "mkfifo"
    "mknod" "mktemp" "mv" "nc" "ping" "printf" "ps" "pwd" "readlink" "realpath" "rm" "rmdir" "sed" "seq" "sleep" "sort"
    "stat" "stty" "sync" "tail" "tee" "test" "top" "touch" "tr" "true" "tty" "uname" "uniq" "uptime" "vi" "wc" "which"
    "whoami" "xargs" "yes"
  ];
}
