# Shell commands of the configuration's own in the initial file system: `boot.initrd.*Commands`. NixOS ran them in one
# long script; here each is a service of systemd at the same point of the way.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkIf;
  cfg = config.boot.initrd;
  scripts = lib.filterAttrs (_: s: s.text != "") {
    pre-device = {
      text = cfg.preDeviceCommands;
      wantedBy = [ "sysinit.target" ];
      after = [ "systemd-modules-load.service" ];
      before = [ "systemd-udev-trigger.service" "sysinit.target" ];
    };
    pre-lvm = {
      text = cfg.preLVMCommands;
      wantedBy = [ "sysinit.target" ];
      wants = [ "systemd-udev-settle.service" "cryptsetup-pre.target" ];
      after = [ "systemd-udev-settle.service" ];
      before = [ "cryptsetup-pre.target" "cryptsetup.target" "post-device-commands.service" ];
    };
    post-device = {
      text = cfg.postDeviceCommands + cfg.postResumeCommands;
      wantedBy = [ "initrd-root-fs.target" ];
      wants = [ "systemd-udev-settle.service" ];
      after = [ "systemd-udev-settle.service" "cryptsetup.target" "initrd-root-device.target" ];
      before = [ "sysroot.mount" "initrd-root-fs.target" ];
    };
    post-mount = {
      text = cfg.postMountCommands;
      wantedBy = [ "initrd.target" ];
      after = [ "initrd-fs.target" ];
      before = [ "initrd.target" "initrd-parse-etc.service" "initrd-switch-root.target" ];
    };
  };
  service = name: s: {
    description = "Commands of the Configuration (boot.initrd, ${name})";
    inherit (s) wantedBy after before;
    wants = s.wants or [ ];
    conflicts = [ "shutdown.target" ];
    unitConfig.DefaultDependencies = false;
    enableDefaultPath = false;
    environment = {
      PATH = "/bin";
      targetRoot = "/sysroot";
    };
    serviceConfig = {
      Type = "oneshot";
      RemainAfterExit = true;
      StandardOutput = "journal+console";
      # A command that fails did not end the boot in NixOS either.
      SuccessExitStatus = "0-255";
    };
    script = "set +e\n" + s.text;
  };
  # What the configuration copies into the initial file system for its commands.
  tools = pkgs.runCommand "initrd-extra-utils" { } ''
    mkdir -p "$out/bin" "$out/lib"
    copy_bin_and_libs() {
      [ -e "$out/bin/''${1##*/}" ] || cp -pd "$1" "$out/bin/"
    }
    ${cfg.extraUtilsCommands}
    ${cfg.extraUtilsCommandsTest}
  '';
in
{
  config = mkIf cfg.systemd.enable {
    boot.initrd.systemd = {
      services = lib.mapAttrs' (name: s: lib.nameValuePair "${name}-commands" (service name s)) scripts;
      initrdBin = lib.optional (cfg.extraUtilsCommands != "") tools;
    };
  };
}
