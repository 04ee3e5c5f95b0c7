# Disks of a machine: empty ones are formatted where the configuration says so, before and after the machine's
# own first process starts, and what is on them outlives a crash. The firmware is UEFI, without a boot loader.
{
  pkgs ? import ../../. { system = "x86_64-linux"; },
}:
pkgs.nixosTest {
  name = "disks";
  globalTimeout = 600;

  nodes.machine.virtualisation = {
    useEFIBoot = true;
    emptyDiskImages = [
      64
      {
        size = 32;
        driveConfig.deviceExtraOpts.serial = "spare";
      }
    ];
    fileSystems."/var/lib" = {
      device = "/dev/vdb";
      fsType = "ext4";
      autoFormat = true;
    };
    fileSystems."/data" = {
      device = "/dev/disk/by-id/virtio-spare";
      fsType = "ext4";
      autoFormat = true;
    };
  };

  testScript = ''
    machine.wait_for_unit("multi-user.target")
    machine.succeed("test -d /sys/firmware/efi", "mountpoint /var/lib", "mountpoint /data")
    machine.succeed("echo kept > /var/lib/file", "cp /var/lib/file /data", "sync")
    machine.crash()
    machine.start()
    machine.wait_for_unit("multi-user.target")
    machine.succeed("grep kept /var/lib/file", "grep kept /data/file")
  '';
}
