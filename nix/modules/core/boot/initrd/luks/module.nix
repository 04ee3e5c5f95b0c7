# Encrypted devices, opened by systemd in the initial file system.
{
  config,
  lib,
  pkgs,
  utils,
  ...
}:
let
  inherit (lib) mkOption mkIf types;
  cfg = config.boot.initrd.luks;
  bootDevices = map (fs: fs.device) (lib.filter utils.fsNeededForBoot config.system.build.fileSystems);
  isRoot = d: lib.elem "/dev/mapper/${d.name}" bootDevices;
  sorted = lib.partition isRoot (lib.attrValues cfg.devices);
  # What the machine needs first is asked for first.
  devices = sorted.right ++ sorted.wrong;
  wanted = cfg.devices != { } || cfg.forceLuksSupportInInitrd;
  inherit (import ../../../../option-kinds.nix { inherit lib; }) flag lines names;

  unsupported = mkOption {
    type = types.nullOr types.raw;
    default = null;
    visible = false;
    description = "Not for an initial file system by systemd, as in NixOS: `crypttabExtraOpts` names such keys.";
  };

  value = name: v: lib.optional (v != null) "${name}=${toString v}";
  line =
    d:
    let
      options = [
        "x-initrd.attach"
      ]
      ++ lib.optional d.allowDiscards "discard"
      ++ lib.optional d.tryEmptyPassphrase "try-empty-password=yes"
      ++ lib.optionals d.bypassWorkqueues [ "no-read-workqueue" "no-write-workqueue" ]
      ++ value "header" d.header
      ++ value "keyfile-offset" d.keyFileOffset
      ++ value "keyfile-size" d.keyFileSize
      ++ lib.optional (d.keyFileTimeout != null) "keyfile-timeout=${toString d.keyFileTimeout}s"
      ++ d.crypttabExtraOpts;
    in
    "${d.name} ${d.device} ${if d.keyFile == null then "-" else d.keyFile} ${lib.concatStringsSep "," options}\n";

  # One after the other, so that a passphrase is asked for once and then tried on the others.
  service = name: "systemd-cryptsetup@${utils.escapeSystemdPath name}";
  follows = first: second: {
    ${service second.name} = {
      overrideStrategy = "asDropin";
      after = [ "${service first.name}.service" ];
    };
  };
  order = lib.zipListsWith follows devices (lib.drop 1 devices);
  # What the configuration runs around the opening of a device.
  commands =
    d:
    lib.optionalAttrs (d.preOpenCommands != "" || d.postOpenCommands != "") {
      ${service d.name} = {
        overrideStrategy = "asDropin";
        preStart = d.preOpenCommands;
        postStart = d.postOpenCommands;
      };
    };
in
{
  options.boot.initrd = {
    luks = {
      devices = mkOption {
        type = types.attrsOf (
          types.submodule (
            { name, ... }:
            {
              options = {
                name = mkOption {
                  type = types.str;
                  default = name;
                  visible = false;
                  description = "Name of the opened device below `/dev/mapper`.";
                };
                device = mkOption {
                  type = types.str;
                  example = "/dev/disk/by-uuid/430e9eff-d852-4f68-aa3b-2fa3599ebe08";
                  description = "The encrypted device.";
                };
                keyFile = mkOption {
                  type = types.nullOr types.str;
                  default = null;
                  description = "File or device that holds the key; null asks for a passphrase.";
                };
                keyFileSize = mkOption {
                  type = types.nullOr types.int;
                  default = null;
                  description = "How many bytes of the key file are the key.";
                };
                keyFileOffset = mkOption {
                  type = types.nullOr types.int;
                  default = null;
                  description = "Where in the key file the key begins.";
                };
                keyFileTimeout = mkOption {
                  type = types.nullOr types.int;
                  default = null;
                  description = "Seconds to wait for the key file before a passphrase is asked for.";
                };
                header = mkOption {
                  type = types.nullOr types.str;
                  default = null;
                  description = "File or device that holds the header.";
                };
                tryEmptyPassphrase = flag false "Whether an empty passphrase is tried before one is asked for.";
                gpgCard = unsupported;
                yubikey = unsupported;
                fido2 = unsupported;
                allowDiscards = flag false "Whether freed blocks are passed on to the device.";
                bypassWorkqueues = flag false "Whether work is done without queues.";
                preLVM = flag true "Whether the device is opened before logical volumes are looked for.";
                fallbackToPassword = flag true "Whether a passphrase is asked for when the key file is missing.";
                crypttabExtraOpts = names "Further options of `crypttab`.";
                preOpenCommands = lines "Shell commands run before the device is opened.";
                postOpenCommands = lines "Shell commands run after the device was opened.";
              };
            }
          )
        );
        default = { };
        description = "Encrypted devices opened before the root is mounted.";
      };
      forceLuksSupportInInitrd = flag false "Whether the initial file system can open encrypted devices even if none is configured." // { internal = true; };
      cryptoModules = mkOption {
        type = types.listOf types.str;
        default = [
          "aesni_intel"
          "aes_generic"
          "af_alg"
          "algif_skcipher"
          "cbc"
          "cryptd"
          "sha256_ssse3"
          "xts"
        ];
        description = "Kernel modules for encryption.";
      };
      mitigateDMAAttacks = flag true "Whether hot-plugging of memory-accessing buses is off while keys are in memory.";
      reusePassphrases = flag true "Whether one passphrase is tried on all devices.";
    };
  };

  config = lib.mkMerge [
    (mkIf wanted {
      boot.blacklistedKernelModules = lib.optionals cfg.mitigateDMAAttacks [
        "firewire_ohci"
        "firewire_core"
        "firewire_sbp2"
      ];
      boot.initrd.kernelModules = [ "dm_mod" "dm_crypt" ];
      boot.initrd.availableKernelModules = cfg.cryptoModules;
      boot.initrd.systemd = {
        contents."/etc/crypttab".text = lib.concatMapStrings line devices;
        # What is known of an opened device is kept for the machine's own udev, which would not believe in it
        # otherwise.
        contents."/etc/udev/rules.d/99-unformatted.rules".text =
          config.environment.etc."udev/rules.d/99-unformatted.rules".text
          + ''
            SUBSYSTEM=="block", KERNEL=="dm-[0-9]*", ACTION=="add|change", OPTIONS+="db_persist"
          '';
        services = lib.mkMerge (lib.optionals cfg.reusePassphrases order ++ map commands devices);
        extraBin.cryptsetup = lib.mkDefault "${pkgs.cryptsetup}/bin/cryptsetup";
      };
    })
    {
      assertions = [
        {
          assertion = config.boot.isContainer || cfg.devices == { } || config.boot.initrd.systemd.enable;
          message = "boot.initrd.luks.devices: encrypted devices are opened by systemd; set boot.initrd.systemd.enable.";
        }
      ]
      ++ map (d: {
        assertion = d.gpgCard == null && d.yubikey == null && d.fido2 == null;
        message = "boot.initrd.luks.devices.\"${d.name}\": gpgCard, yubikey and fido2 are not for systemd, which opens it; say it in crypttabExtraOpts, such as \"fido2-device=auto\".";
      }) (lib.attrValues cfg.devices);
    }
  ];
}
