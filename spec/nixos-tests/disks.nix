# How virtual machines are put together: where the root is, what the store is made of, which firmware starts
# what. Three machines beside one another, so that each boots once or twice.
{ pkgs, lib, ... }:
{
  name = "disks";
  globalTimeout = 900;

  defaults.virtualisation = {
    backend = "vm";
    memorySize = 512;
  };

  # Root, disks and store, each said in its own words.
  nodes.own = {
    virtualisation = {
      vlans = [
        1
        3
      ];
      restrictNetwork = true;
      diskSize = 300;
      rootDevice = "/dev/disk/by-id/virtio-root";
      writableStoreUseTmpfs = false;
      mountHostNixStore = true;
      emptyDiskImages = [
        {
          size = 40;
          driveConfig = {
            driveExtraOpts.werror = "report";
            deviceExtraOpts = {
              serial = "logical";
              logical_block_size = "4096";
              physical_block_size = "4096";
            };
          };
        }
      ];
      fileSystems."/data" = {
        device = "/dev/disk/by-id/virtio-logical";
        fsType = "ext4";
        autoFormat = true;
      };
      qemu.drives = [
        {
          name = "given";
          file = "${pkgs.runCommand "given" { } "printf %-1024s 'a drive of its own' > $out"}";
          driveExtraOpts = {
            format = "raw";
            readonly = "on";
          };
          deviceExtraOpts.serial = "own";
        }
      ];
      qemu.networkingOptions = [
        "-netdev user,id=further,net=10.9.0.0/24"
        "-device virtio-net-pci,netdev=further,mac=52:54:00:ff:00:01,romfile="
      ];
      graphics = true;
    };
  };

  # No disk for the root, file systems of the machine's own, a store that nobody can write to.
  nodes.bare = {
    virtualisation = {
      vlans = [ ];
      interfaces.lan0 = {
        vlan = 3;
        assignIP = true;
      };
      diskImage = null;
      writableStore = false;
      useDefaultFilesystems = false;
      graphics = false;
      emptyDiskImages = [ 30 ];
      qemu.diskInterface = "scsi";
    };
    fileSystems = {
      "/" = {
        fsType = "tmpfs";
        options = [
          "mode=0755"
          "size=200m"
        ];
      };
      "/nix/store" = {
        device = "/dev/disk/by-id/virtio-store";
        fsType = "erofs";
        options = [ "ro" ];
        neededForBoot = true;
      };
      "/srv" = {
        device = "/dev/sdb";
        fsType = "ext4";
        autoFormat = true;
      };
    };
  };

  # Firmware, a boot loader that is installed again, and what the firmware remembers.
  nodes.firmware = {
    virtualisation = {
      useBootLoader = true;
      useEFIBoot = true;
      diskSize = 200;
      graphics = true;
      resolution = {
        x = 800;
        y = 600;
      };
    };
    boot.loader = {
      efi.canTouchEfiVariables = true;
      systemd-boot = {
        enable = true;
        extraEntries."other.conf" = ''
          title Other
          efi /efi/other/shell.efi
        '';
        extraFiles."efi/other/shell.efi" = pkgs.writeText "shell.efi" "no program";
        extraInstallCommands = "date > /boot/loader/installed";
      };
    };
    environment.systemPackages = [ pkgs.efibootmgr ];
  };

  testScript = ''
    def size(picture):
        with open(picture, "rb") as file:
            head = file.read(24)
        return tuple(int.from_bytes(head[at : at + 4], "big") for at in [16, 20])


    own.start(allow_reboot=True)
    start_all()

    with subtest("root and disks"):
        own.wait_for_unit("multi-user.target")
        assert own.succeed("findmnt -n -o SOURCE /").strip() == "/dev/vda"
        assert own.succeed("cat /etc/fstab").find("/dev/disk/by-id/virtio-root / ext4") >= 0
        assert int(own.succeed("cat /sys/block/vda/size")) == 300 * 2048
        assert own.succeed("cat /sys/block/vdb/queue/logical_block_size") == "4096\n"
        own.succeed("findmnt -n -o SOURCE /data | grep vdb", "echo kept > /data/kept")
        own.succeed("grep 'a drive of its own' /dev/disk/by-id/virtio-own")
        assert own.succeed("cat /sys/block/vdc/ro") == "1\n"

    with subtest("store on the root disk"):
        own.succeed("touch /nix/store/written")
        own.fail("findmnt /nix/.rw-store")

    with subtest("networks"):
        own.succeed("grep -i 52:54:00:ff:00:01 /sys/class/net/eth*/address")
        bare.wait_for_unit("multi-user.target")
        bare.succeed("ip -4 address show dev lan0 | grep 192.168.3.1/24")
        own.succeed("ping -c 1 -W 20 192.168.3.1 >&2", "ping -6 -c 1 -W 20 2001:db8:3::1 >&2")
        own.fail("ip link show eth4")

    with subtest("screen"):
        own.screenshot("text")
        assert size("text.png") == (720, 400)

    with subtest("no disk"):
        assert bare.succeed("findmnt -n -o FSTYPE,SIZE /").split() == ["tmpfs", "200M"]
        bare.fail("touch /nix/store/written")
        assert bare.succeed("findmnt -n -o FSTYPE /nix/store") == "erofs\n"
        assert bare.succeed("findmnt -n -o SOURCE /srv").strip() == "/dev/sdb"
        bare.fail("test -e /sys/class/graphics/fb0")

    with subtest("boot loader"):
        firmware.wait_for_unit("multi-user.target")
        firmware.succeed("test -d /sys/firmware/efi/efivars", "findmnt /boot")
        firmware.succeed("grep 'title Other' /boot/loader/entries/other.conf", "grep 'no program' /boot/efi/other/shell.efi")
        firmware.fail("test -e /boot/loader/installed")
        firmware.succeed("efibootmgr | grep 'Linux Boot Manager'")
        firmware.succeed("NIXOS_INSTALL_BOOTLOADER=1 /run/current-system/bin/switch-to-configuration boot >&2")
        firmware.succeed("test -s /boot/loader/installed")
        firmware.succeed("efibootmgr | grep 'Linux Boot Manager'")
        firmware.screenshot("firmware")
        assert size("firmware.png") == (800, 600), size("firmware.png")
        firmware.succeed("bootctl status >&2", "bootctl list >&2")

    with subtest("restarts"):
        firmware.shutdown()
        own.reboot()
        own.succeed("grep kept /data/kept", "test -e /nix/store/written")
        firmware.start()
        firmware.succeed("efibootmgr | grep 'Linux Boot Manager'", "test -s /boot/loader/installed")
  '';
}
