# systemd as the first process of the initial file system: its units, programs, users and files.
{
  config,
  lib,
  pkgs,
  utils,
  ...
}:
let
  inherit (lib) mkOption types;
  unitLib = import ../../../systemd/units.nix { inherit lib pkgs; };
  unitTypes = import ../../../systemd/unit-options.nix { inherit lib unitLib; };
  declared = import ../../../systemd/network/options.nix { inherit lib; };
  inherit (import ../../../../option-kinds.nix { inherit lib; }) flag;
  number =
    description: default:
    mkOption {
      type = types.nullOr types.int;
      inherit default description;
    };
  kind =
    type: description:
    mkOption {
      inherit type description;
      default = { };
    };
  initrd = config.boot.initrd;
  asksTpm = lib.any (device: lib.any (lib.hasPrefix "tpm2-") device.crypttabExtraOpts) (
    lib.attrValues initrd.luks.devices
  );
  # The other first stage only loads drivers and mounts.
  needed =
    initrd.network.enable
    || initrd.luks.devices != { }
    || initrd.luks.forceLuksSupportInInitrd
    || config.boot.swraid.enable
    || lib.any (text: text != "") [
      initrd.preDeviceCommands
      initrd.preLVMCommands
      initrd.postDeviceCommands
      initrd.postResumeCommands
      initrd.postMountCommands
    ];
in
{
  options.boot.initrd.systemd = {
    enable = flag needed "Whether systemd is the first process of the initial file system; by default where something is asked for that only it does." // {
      defaultText = lib.literalMD "whether encrypted devices, a network, arrays or commands are configured";
    };
    package = mkOption {
      type = types.package;
      default = config.systemd.package;
      defaultText = lib.literalExpression "config.systemd.package";
      description = "The package of systemd.";
    };
    network = removeAttrs declared [ "sectionsText" ] // {
      enable = flag false "Whether systemd-networkd runs in the initial file system.";
      wait-online.enable = flag true "Whether the boot waits for the network.";
      wait-online.timeout = mkOption {
        type = types.ints.unsigned;
        default = 120;
        description = "Seconds to wait.";
      };
      wait-online.anyInterface = flag false "Whether one interface is enough.";
      wait-online.ignoredInterfaces = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Interfaces that are not waited for.";
      };
      wait-online.extraArgs = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Arguments of systemd-networkd-wait-online.";
      };
    };
    services = kind (unitTypes.services [ ]) "Services of the initial file system.";
    targets = kind unitTypes.targets "Targets of the initial file system.";
    sockets = kind unitTypes.sockets "Sockets of the initial file system.";
    timers = kind unitTypes.timers "Timers of the initial file system.";
    paths = kind unitTypes.paths "Paths of the initial file system.";
    slices = kind unitTypes.slices "Slices of the initial file system.";
    units = kind unitTypes.units "Unit files of the initial file system.";
    mounts = mkOption {
      type = types.listOf unitTypes.mountSubmodule;
      default = [ ];
      description = "Mounts of the initial file system.";
    };
    automounts = mkOption {
      type = types.listOf unitTypes.automountSubmodule;
      default = [ ];
      description = "Automounts of the initial file system.";
    };
    packages = mkOption {
      type = types.listOf types.package;
      default = [ ];
      description = "Packages whose units the initial file system has.";
    };
    contents = mkOption {
      type = types.attrsOf (
        types.submodule {
          options = {
            enable = flag true "Whether the file is there.";
            text = mkOption {
              type = types.nullOr types.lines;
              default = null;
              description = "Text of the file.";
            };
            source = mkOption {
              type = types.nullOr types.path;
              default = null;
              description = "The file.";
            };
          };
        }
      );
      default = { };
      description = "Files of the initial file system by path.";
    };
    storePaths = mkOption {
      type = types.listOf types.raw;
      default = [ ];
      description = "Store paths in the initial file system.";
    };
    archive = mkOption {
      type = types.raw;
      internal = true;
      description = "What the archive consists of, for its builder.";
    };
    initrdBin = mkOption {
      type = types.listOf types.package;
      default = [ ];
      description = "Packages whose programs the initial file system has.";
    };
    extraBin = mkOption {
      type = types.attrsOf types.path;
      default = { };
      description = "Programs of the initial file system by name.";
    };
    suppressedStorePaths = mkOption {
      type = types.listOf types.singleLineStr;
      default = [ ];
      description = "Store paths which the initial file system does not have.";
    };
    suppressedUnits = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Units which the initial file system does not have.";
    };
    emergencyAccess = mkOption {
      type = types.either types.bool (types.nullOr (types.passwdEntry types.str));
      default = false;
      description = "Whether a boot that fails ends in a shell: always, never, or with the password of this hash.";
    };
    root = mkOption {
      type = types.enum [ "fstab" "gpt-auto" null ];
      default = "fstab";
      description = "How the root is found.";
    };
    managerEnvironment = mkOption {
      type = types.attrsOf (types.nullOr types.str);
      default = { };
      description = "Environment of the service manager.";
    };
    settings.Manager = mkOption {
      type = types.attrsOf unitTypes.unitValue;
      default = { };
      description = "Settings of the service manager.";
    };
    users = mkOption {
      default = { };
      description = "Users of the initial file system.";
      type = types.attrsOf (
        types.submodule (
          { name, ... }:
          {
            options = {
              uid = number "Number of the user." (if name == "root" then 0 else null);
              group = mkOption {
                type = types.str;
                default = if name == "root" then "root" else "nogroup";
                description = "The user's group.";
              };
              shell = mkOption {
                type = types.either types.shellPackage types.str;
                default = if name == "root" then "/bin/bash" else "/sbin/nologin";
                description = "The user's shell, as its path in the initial file system.";
              };
            };
          }
        )
      );
    };
    groups = mkOption {
      default = { };
      description = "Groups of the initial file system.";
      type = types.attrsOf (
        types.submodule (
          { name, ... }:
          {
            options.gid = number "Number of the group." (if name == "root" then 0 else null);
          }
        )
      );
    };
    strip = flag true "Whether debugging information is left out.";
    dbus.enable = flag false "Whether D-Bus runs.";
    tpm2.enable = flag asksTpm "Whether a TPM can be used; by default where encrypted devices ask it for their keys." // {
      defaultText = lib.literalMD "whether `crypttabExtraOpts` of an encrypted device name a TPM";
    };
    fido2.enable = flag true "Whether FIDO2 keys can be used.";
    shell.enable = flag true "Whether there is a shell with common tools.";
  };
  imports = [ ./build.nix ./mounts.nix ];
}
