# Swap in compressed memory.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag;
  cfg = config.zramSwap;
  # Bytes of one device: a share of the memory, at most what was allowed.
  limit = lib.optionalString (cfg.memoryMax != null) "if [ \"$size\" -gt ${
    toString (cfg.memoryMax / cfg.swapDevices)
  } ]; then size=${toString (cfg.memoryMax / cfg.swapDevices)}; fi\n";
in
{
  options.zramSwap = {
    enable = flag false "Whether part of the memory is used as compressed swap.";
    swapDevices = mkOption {
      type = types.ints.positive;
      default = 1;
      description = "Number of devices.";
    };
    memoryPercent = mkOption {
      type = types.ints.positive;
      default = 50;
      description = "How much is kept in the devices at most, before it is compressed, as a share of the memory.";
    };
    memoryMax = mkOption {
      type = types.nullOr types.int;
      default = null;
      description = "How many bytes are kept in the devices at most, before they are compressed.";
    };
    priority = mkOption {
      type = types.int;
      default = 5;
      description = "Priority among swap devices.";
    };
    algorithm = mkOption {
      type = types.either (types.enum [ "842" "lzo" "lzo-rle" "lz4" "lz4hc" "zstd" ]) types.str;
      default = "zstd";
      description = "How the memory is compressed.";
    };
    writebackDevice = mkOption {
      type = types.nullOr types.path;
      default = null;
      description = "Device to which what can't be compressed is written.";
    };
  };
  config = lib.mkIf (cfg.enable && !config.boot.isContainer) {
    assertions = [
      {
        assertion = cfg.writebackDevice == null || cfg.swapDevices == 1;
        message = "zramSwap.writebackDevice is for one device: set `zramSwap.swapDevices = 1'.";
      }
    ];
    systemd.services.zram-swap = {
      description = "Swap in compressed memory";
      wantedBy = [ "swap.target" ];
      before = [ "swap.target" "shutdown.target" ];
      after = [ "systemd-modules-load.service" ];
      conflicts = [ "shutdown.target" ];
      unitConfig.DefaultDependencies = false;
      path = [ pkgs.util-linux pkgs.gawk pkgs.kmod ];
      script = ''
        modprobe zram num_devices=0
        size=$(awk '$1 == "MemTotal:" { printf "%.0f", $2 * 1024 * ${toString cfg.memoryPercent} / 100 / ${toString cfg.swapDevices} }' /proc/meminfo)
        ${limit}for i in $(seq ${toString cfg.swapDevices}); do
          number=$(cat /sys/class/zram-control/hot_add)
          state=/sys/block/zram$number
          echo ${lib.escapeShellArg cfg.algorithm} > "$state/comp_algorithm"
          ${lib.optionalString (
            cfg.writebackDevice != null
          ) "echo ${lib.escapeShellArg (toString cfg.writebackDevice)} > \"$state/backing_dev\""}
          echo "$size" > "$state/disksize"
          mkswap --label "zram$number" "/dev/zram$number"
          swapon --priority ${toString cfg.priority} "/dev/zram$number"
        done
      '';
      preStop = ''
        for device in $(awk '$1 ~ /^\/dev\/zram/ { print $1 }' /proc/swaps); do
          swapoff "$device"
          echo "''${device#/dev/zram}" > /sys/class/zram-control/hot_remove
        done
      '';
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
      };
    };
  };
}
