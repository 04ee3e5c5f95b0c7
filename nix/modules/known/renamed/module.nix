# Options which NixOS has renamed and `base` has under their new names. The old ones work, with a warning.
{ lib, ... }:
let
  path = lib.splitString ".";
  rename = from: to: lib.mkRenamedOptionModule (path from) (path to);
  # Old names below one level, by what stands for each below another.
  below =
    old: new: names:
    lib.mapAttrsToList (from: to: rename "${old}.${from}" "${new}.${to}") names;
  # The same name elsewhere.
  moved =
    old: new: names:
    below old new (lib.genAttrs names (name: name));
in
{
  imports =
    lib.mapAttrsToList rename {
      "boot.cleanTmpDir" = "boot.tmp.cleanOnBoot";
      "boot.earlyVconsoleSetup" = "console.earlySetup";
      "boot.initrd.systemd.enableTpm2" = "boot.initrd.systemd.tpm2.enable";
      "boot.loader.grub.timeout" = "boot.loader.timeout";
      "boot.loader.gummiboot.enable" = "boot.loader.systemd-boot.enable";
      "boot.loader.gummiboot.timeout" = "boot.loader.timeout";
      "boot.tmpOnTmpfs" = "boot.tmp.useTmpfs";
      "boot.tmpOnTmpfsSize" = "boot.tmp.tmpfsSize";
      "hardware.bluetooth.config" = "hardware.bluetooth.settings";
      "hardware.enableKSM" = "hardware.ksm.enable";
      "hardware.opengl.driSupport32Bit" = "hardware.graphics.enable32Bit";
      "programs.bash.enableCompletion" = "programs.bash.completion.enable";
      "programs.info.enable" = "documentation.info.enable";
      "programs.man.enable" = "documentation.man.enable";
      "security.initialRootPassword" = "users.users.root.initialHashedPassword";
      "services.nixosManual.enable" = "documentation.nixos.enable";
      "services.udev.initrdRules" = "boot.initrd.services.udev.rules";
      "services.xserver.layout" = "services.xserver.xkb.layout";
      "services.xserver.vaapiDrivers" = "hardware.graphics.extraPackages";
      "services.xserver.xkbModel" = "services.xserver.xkb.model";
      "services.xserver.xkbOptions" = "services.xserver.xkb.options";
      "services.xserver.xkbVariant" = "services.xserver.xkb.variant";
      "system.extraSystemBuilderCmds" = "system.systemBuilderCommands";
      "system.nssHosts" = "system.nssDatabases.hosts";
      "virtualisation.growPartition" = "boot.growPartition";
    }
    ++ below "boot" "boot.loader.grub" {
      extraGrubEntries = "extraEntries";
      grubDevice = "device";
      grubSplashImage = "splashImage";
    }
    ++ moved "hardware.opengl" "hardware.graphics" [
      "enable"
      "extraPackages"
      "extraPackages32"
      "package"
    ]
    ++ below "i18n" "console" {
      consoleColors = "colors";
      consoleFont = "font";
      consoleKeyMap = "keyMap";
      consolePackages = "packages";
      consoleUseXkbConfig = "useXkbConfig";
    }
    ++ map (name: rename "networking.enable${name}Firmware" "hardware.enableRedistributableFirmware") [
      "Intel2100BG"
      "Intel3945ABG"
      "RT73"
      "RTL8192c"
      "Ralink"
    ]
    ++ below "services.fwupd" "services.fwupd.daemonSettings" {
      blacklistDevices = "DisabledDevices";
      blacklistPlugins = "DisabledPlugins";
      disabledDevices = "DisabledDevices";
      disabledPlugins = "DisabledPlugins";
    }
    ++ below "services.mbpfan" "services.mbpfan.settings.general" {
      highTemp = "high_temp";
      lowTemp = "low_temp";
      maxFanSpeed = "max_fan1_speed";
      maxTemp = "max_temp";
      minFanSpeed = "min_fan1_speed";
      pollingInterval = "polling_interval";
    }
    ++ below "services.openssh" "services.openssh.settings" {
      ciphers = "Ciphers";
      forwardX11 = "X11Forwarding";
      gatewayPorts = "GatewayPorts";
      kbdInteractiveAuthentication = "KbdInteractiveAuthentication";
      challengeResponseAuthentication = "KbdInteractiveAuthentication";
      kexAlgorithms = "KexAlgorithms";
      logLevel = "LogLevel";
      macs = "Macs";
      passwordAuthentication = "PasswordAuthentication";
      permitRootLogin = "PermitRootLogin";
      useDns = "UseDns";
    }
    ++ [ (lib.mkAliasOptionModule (path "services.sshd.enable") (path "services.openssh.enable")) ]
    ++ moved "services.xserver.libinput" "services.libinput" [
      "enable"
      "mouse"
      "touchpad"
    ]
    ++ below "system" "system.nixos" {
      nixosLabel = "label";
      nixosRevision = "revision";
      nixosVersion = "version";
      nixosVersionSuffix = "versionSuffix";
    }
    ++ below "systemd.watchdog" "systemd.settings.Manager" {
      device = "WatchdogDevice";
      kexecTime = "KExecWatchdogSec";
      rebootTime = "RebootWatchdogSec";
    };
}
