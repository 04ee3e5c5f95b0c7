# Swap devices and files, encrypted anew at each boot where that is asked for, and swap in compressed memory.
{
  config,
  lib,
  pkgs,
  utils,
  ...
}:
let
  inherit (lib) mkIf mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag;
  cfg = config.swapDevices;

  encryption = types.submodule {
    options = {
      enable = flag false "Whether the device is encrypted with a new key at each boot.";
      cipher = mkOption {
        type = types.str;
        default = "aes-xts-plain64";
        description = "Cipher, as `cryptsetup benchmark` names them.";
      };
      keySize = mkOption {
        type = types.nullOr types.int;
        default = null;
        description = "Bits of the key; null for cryptsetup's own choice.";
      };
      sectorSize = mkOption {
        type = types.nullOr types.int;
        default = null;
        description = "Bytes of a sector; null for cryptsetup's own choice.";
      };
      source = mkOption {
        type = types.str;
        default = "/dev/urandom";
        description = "Where the key comes from.";
      };
      allowDiscards = flag false "Whether freed pages are discarded below the encryption.";
    };
  };
  device =
    { config, ... }:
    {
      options = {
        device = mkOption {
          type = types.nonEmptyStr;
          description = "Device or file.";
        };
        label = mkOption {
          type = types.nullOr types.str;
          default = null;
          description = "Label of the device.";
        };
        size = mkOption {
          type = types.nullOr types.int;
          default = null;
          description = "Size in MiB of a swap file that is made when it is missing, or has another one.";
        };
        priority = mkOption {
          type = types.nullOr types.int;
          default = null;
          description = "Priority among swap devices.";
        };
        discardPolicy = mkOption {
          type = types.nullOr (types.enum [ "once" "pages" "both" ]);
          default = null;
          description = "When freed pages are discarded.";
        };
        options = mkOption {
          type = types.listOf types.nonEmptyStr;
          default = [ "defaults" ];
          description = "Mount options.";
        };
        randomEncryption = mkOption {
          type = types.coercedTo types.bool (enable: { inherit enable; }) encryption;
          default = false;
          description = "Encryption with a new key at each boot.";
        };
        encrypted = import ../encrypted-device.nix { inherit lib; };
        deviceName = mkOption {
          type = types.str;
          internal = true;
          description = "Name of the device when it is open.";
        };
        realDevice = mkOption {
          type = types.path;
          internal = true;
          description = "The device that is used.";
        };
      };
      config = {
        device = mkIf (config.label != null) "/dev/disk/by-label/${config.label}";
        deviceName = lib.mkDefault (lib.replaceStrings [ "\\" ] [ "" ] (utils.escapeSystemdPath config.device));
        realDevice = lib.mkDefault (
          if config.randomEncryption.enable then "/dev/mapper/${config.deviceName}" else config.device
        );
      };
    };

  made = lib.filter (swap: swap.size != null || swap.randomEncryption.enable) cfg;
  encrypted = lib.filter (swap: swap.encrypted.enable) cfg;
  isDevice = swap: lib.hasPrefix "/dev/" swap.device;
  open =
    swap:
    let
      how = swap.randomEncryption;
      flags =
        lib.optional (how.keySize != null) "--key-size=${toString how.keySize}"
        ++ lib.optional (how.sectorSize != null) "--sector-size=${toString how.sectorSize}"
        ++ lib.optional how.allowDiscards "--allow-discards";
      words = [ "--type=plain" "--cipher=${how.cipher}" "--key-file=${how.source}" ] ++ flags;
    in
    "cryptsetup open ${lib.escapeShellArgs (words ++ [ swap.device swap.deviceName ])}\n";
  # A file's size is what was asked for: what is in it is gone with each boot anyway.
  make =
    swap:
    let
      bytes = toString (swap.size * 1024 * 1024);
    in
    ''
      file=${lib.escapeShellArg swap.device}
      if [ "$(stat -c %s "$file" 2>/dev/null || echo 0)" != ${bytes} ]; then
        rm -f "$file"
        mkdir -p "$(dirname "$file")"
        touch "$file"
        # On btrfs only files that are not copied on writing can be swap.
        chattr +C "$file" 2>/dev/null || true
        chmod 0600 "$file"
        dd if=/dev/zero of="$file" bs=1M count=${toString swap.size} status=none
        ${lib.optionalString (!swap.randomEncryption.enable) "mkswap \"$file\""}
      fi
    '';
  service =
    swap:
    let
      unit = "${utils.escapeSystemdPath swap.realDevice}.swap";
    in
    lib.nameValuePair "mkswap-${swap.deviceName}" {
      description = "Initialisation of swap device ${swap.device}";
      requiredBy = [ unit ];
      before = [ unit "shutdown.target" ];
      conflicts = [ "shutdown.target" ];
      # Not ordered after swap.target, which wants it.
      unitConfig.DefaultDependencies = false;
      unitConfig.RequiresMountsFor = lib.optional (!isDevice swap) (dirOf swap.device);
      after = lib.optional (isDevice swap) "${utils.escapeSystemdPath swap.device}.device";
      bindsTo = lib.optional (isDevice swap) "${utils.escapeSystemdPath swap.device}.device";
      path = [ pkgs.util-linux pkgs.e2fsprogs ] ++ lib.optionals swap.randomEncryption.enable [ pkgs.cryptsetup pkgs.kmod ];
      script =
        lib.optionalString (swap.size != null && !isDevice swap) (make swap)
        + lib.optionalString swap.randomEncryption.enable "modprobe --all --quiet dm-crypt || true\n${open swap}mkswap ${lib.escapeShellArg swap.realDevice}\n";
      postStop = lib.optionalString swap.randomEncryption.enable "cryptsetup close ${lib.escapeShellArg swap.deviceName}\n";
      restartIfChanged = false;
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = swap.randomEncryption.enable;
        UMask = "0177";
      };
    };
in
{
  options.swapDevices = mkOption {
    default = [ ];
    example = [ { device = "/dev/disk/by-label/swap"; } ];
    description = "Devices and files to which memory is swapped.";
    type = types.listOf (types.submodule device);
  };
  config = mkIf (cfg != [ ]) {
    assertions = map (swap: {
      assertion = !swap.randomEncryption.enable || builtins.match "/dev/disk/by-(uuid|label)/.*" swap.device == null;
      message = "Swap on ${swap.device} can't be encrypted anew at each boot: its UUID and label are overwritten. Name it by `/dev/disk/by-partuuid/…'.";
    }) cfg
    # Definitions of `boot' here would decide what kind of machine a test needs, and tests decide about swap.
    ++ map (swap: {
      assertion = false;
      message = "swapDevices.*.encrypted: the device is opened where others are. Write `boot.initrd.luks.devices.${toString swap.encrypted.label}.device = \"${toString swap.encrypted.blkDev}\"', and `/dev/mapper/${toString swap.encrypted.label}' as the swap device.";
    }) encrypted;
    warnings = map (swap: "The size of swap device ${swap.device} has no effect: only files are made.") (
      lib.filter (swap: swap.size != null && isDevice swap) cfg
    );
    systemd.services = lib.listToAttrs (map service (lib.filter (swap: !(isDevice swap) || swap.randomEncryption.enable) made));
  };
}
