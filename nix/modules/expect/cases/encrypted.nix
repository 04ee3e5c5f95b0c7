# A machine with encrypted disks, which are unlocked in an initial file system with network and ssh.
{ ... }:
{
  networking.hostName = "box";
  networking.interfaces.eth0.ipv4.addresses = [
    {
      address = "192.0.2.2";
      prefixLength = 24;
    }
  ];
  fileSystems = {
    "/" = {
      device = "/dev/mapper/zroot";
      fsType = "ext4";
      autoFormat = true;
    };
    "/data".device = "/dev/mapper/data";
    "/nix/store" = {
      overlay = {
        lowerdir = [ "/nix/.ro-store" ];
        upperdir = "/nix/.rw-store/upper";
        workdir = "/nix/.rw-store/work";
      };
    };
    "/boot" = {
      label = "ESP";
      fsType = "vfat";
    };
  };
  boot.loader.systemd-boot.enable = true;
  boot.initrd = {
    luks.devices = {
      data = {
        device = "/dev/sdb";
        allowDiscards = true;
      };
      zroot.device = "/dev/disk/by-uuid/1234";
    };
    network = {
      enable = true;
      ssh = {
        enable = true;
        port = 2222;
        hostKeys = [ "/etc/secrets/initrd/key" ];
        authorizedKeys = [ "ssh-ed25519 AAAA alice" ];
      };
    };
    systemd = {
      enable = true;
      shell.enable = false;
      users.root.shell = "/bin/systemd-tty-ask-password-agent";
    };
  };
}
