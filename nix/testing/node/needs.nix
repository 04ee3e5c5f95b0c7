# What only a virtual machine has. Only options that don't depend on the backend themselves are looked at,
# because the backend depends on these.
{
  config,
  options,
  lib,
  ...
}:
let
  v = config.virtualisation;
  # Whether the configuration itself gives the option a value, not only its default.
  set = path: lib.hasAttrByPath path options && (lib.getAttrFromPath path options).highestPrio <= 100;
  anySet = lib.any (name: set [ "virtualisation" name ]);
  anyNetwork = lib.any (name: set [ "networking" name ]);
  isWireguard = device: device.netdevConfig.Kind or "" == "wireguard";
  reasons = [
    [ (v.useBootLoader || v.useEFIBoot || v.useBIOSBoot) "a boot loader" ]
    [ (v.emptyDiskImages != [ ]) "disks (virtualisation.emptyDiskImages)" ]
    [ (v.qemu.options != [ ] || v.qemu.drives != [ ]) "virtual hardware (virtualisation.qemu)" ]
    [ (anySet [ "diskImage" "rootDevice" "useNixStoreImage" "writableStore" ]) "disks of its own (virtualisation.diskImage and the like)" ]
    [ (anySet [ "bios" "useSecureBoot" ]) "firmware of its own (virtualisation.bios, virtualisation.useSecureBoot)" ]
    [ v.qemu.guestAgent.enable "QEMU's guest agent (virtualisation.qemu.guestAgent)" ]
    [ v.tpm.enable "a TPM" ]
    [ (lib.any (file: file != toString ./file-systems.nix) options.virtualisation.fileSystems.files) "file systems of its own (virtualisation.fileSystems)" ]
    [ (set [ "boot" "kernelPackages" ]) "a kernel of its own (boot.kernelPackages)" ]
    [ (set [ "boot" "kernelPatches" ]) "a kernel of its own (boot.kernelPatches)" ]
    [ (set [ "boot" "extraModulePackages" ]) "kernel modules (boot.extraModulePackages)" ]
    [ (set [ "boot" "initrd" "luks" "devices" ]) "an initrd (boot.initrd.luks)" ]
    [ (set [ "boot" "loader" "systemd-boot" "enable" ]) "a boot loader (boot.loader.systemd-boot)" ]
    [ (set [ "boot" "initrd" "systemd" "enable" ]) "an initrd (boot.initrd.systemd)" ]
    [ (set [ "networking" "usePredictableInterfaceNames" ]) "network cards (networking.usePredictableInterfaceNames)" ]
    [ (anyNetwork [ "bonds" "bridges" "macvlans" "vlans" ]) "modules of the kernel for network devices (networking.bridges and the like)" ]
    [ (lib.any isWireguard (lib.attrValues config.systemd.network.netdevs)) "a module of the kernel (wireguard)" ]
    [ config.services.timesyncd.enable "a clock of its own (services.timesyncd)" ]
    [ config.boot.initrd.network.enable "an initrd (boot.initrd.network)" ]
    [ config.testing.initrdBackdoor "an initrd (testing.initrdBackdoor)" ]
    [ config.services.nfs.server.enable "the kernel's server of files (services.nfs.server)" ]
    [ config.services.xserver.enable "a screen (services.xserver)" ]
  ];
in
{
  virtualisation.needs = lib.concatMap (
    entry: lib.optional (lib.elemAt entry 0) (lib.elemAt entry 1)
  ) reasons;
}
