# A machine that is one image: partitions as `image.repart` says, systemd-boot, the kernel in one program with its initial
# file system, and a root that holds the store.
{
  pkgs ? import ../../. { system = "x86_64-linux"; },
}:
pkgs.nixosTest {
  name = "image";
  globalTimeout = 600;

  nodes.machine =
    {
      config,
      lib,
      modulesPath,
      pkgs,
      ...
    }:
    {
      imports = [ (modulesPath + "/image/repart.nix") ];
      system.image.id = "appliance";
      system.image.version = "7";
      virtualisation = {
        directBoot.enable = false;
        useEFIBoot = true;
        diskImage = null;
        qemu.drives = [
          {
            file = "${config.system.build.image}/${config.image.filePath}";
            driveExtraOpts = {
              format = "raw";
              snapshot = "on";
            };
          }
        ];
        fileSystems = lib.mkForce {
          "/" = {
            device = "/dev/disk/by-partlabel/root";
            fsType = "ext4";
          };
        };
      };
      boot.kernelParams = [ "console=ttyS0" ];
      image.repart.partitions = {
        "10-esp" = {
          contents = {
            "/EFI/BOOT/BOOTX64.EFI".source = "${pkgs.systemd}/lib/systemd/boot/efi/systemd-bootx64.efi";
            "/EFI/Linux/${config.system.boot.loader.ukiFile}".source =
              "${config.system.build.uki}/${config.system.boot.loader.ukiFile}";
          };
          repartConfig = {
            Type = "esp";
            Format = "vfat";
            SizeMinBytes = "64M";
          };
        };
        "20-swap".repartConfig = {
          Type = "swap";
          Format = "swap";
          SizeMinBytes = "10M";
        };
        "30-root" = {
          storePaths = [ config.system.build.toplevel ];
          repartConfig = {
            Type = "root";
            Format = "ext4";
            Label = "root";
            Minimize = "guess";
          };
        };
      };
    };

  testScript = ''
    machine.wait_for_unit("multi-user.target")
    machine.succeed(
        "grep '^IMAGE_ID=\"appliance\"$' /etc/os-release",
        "grep '^IMAGE_VERSION=\"7\"$' /etc/os-release",
        "(bootctl status || true) | grep -i 'product: systemd-boot'",
        "blkid | grep 'TYPE=\"swap\"'",
        "test $(stat -c %d /) = $(stat -c %d /nix/store)",
    )
    machine.shutdown()
  '';
}
