# A machine that starts from an encrypted disk is unlocked by a client, by ssh; its second disk opens with the
# same passphrase.
{
  pkgs ? import <nixpkgs> { },
}:
let
  # Keys for the test only: what is built is readable by everyone.
  sshKey =
    name:
    pkgs.runCommand "ssh-key" { } ''
      mkdir "$out"
      ${pkgs.openssh}/bin/ssh-keygen -t ed25519 -N "" -C ${name} -f "$out/${name}"
    '';
  hostKey = sshKey "host";
  clientKey = sshKey "client";
  publicKey = key: name: builtins.readFile "${key}/${name}.pub";
in
pkgs.nixosTest {
  name = "remote-unlock";
  globalTimeout = 600;

  nodes.machine =
    { lib, pkgs, ... }:
    {
      imports = [ ./module.nix ];

      virtualisation = {
        emptyDiskImages = [ 256 64 ];
        useBootLoader = true;
        useEFIBoot = true;
        # The system itself stays in the store while the root is on the encrypted disk.
        mountHostNixStore = true;
      };
      boot.loader.systemd-boot.enable = true;
      environment.systemPackages = [ pkgs.cryptsetup ];

      boot.initrd.remoteUnlock = {
        enable = true;
        hostKeys.ssh_host_ed25519_key = "${hostKey}/host";
        authorizedKeys = [ (publicKey clientKey "client") ];
        network = {
          useDHCP = false;
          interface = "eth1";
          address = "192.168.1.2/24";
        };
      };

      specialisation.encrypted.configuration = {
        boot.initrd.luks.devices = lib.mkOverride 10 {
          cryptroot.device = "/dev/vdb";
          cryptdata.device = "/dev/vdc";
        };
        virtualisation = {
          rootDevice = "/dev/mapper/cryptroot";
          fileSystems."/".autoFormat = true;
          fileSystems."/data" = {
            device = "/dev/mapper/cryptdata";
            fsType = "ext4";
          };
        };
      };
    };

  nodes.client =
    { pkgs, ... }:
    {
      environment.systemPackages = [ pkgs.openssh pkgs.netcat ];
      environment.etc = {
        known_hosts.text = "machine ${publicKey hostKey "host"}";
        client_key = {
          source = "${clientKey}/client";
          mode = "0600";
        };
      };
    };

  testScript = ''
    start_all()
    machine.wait_for_unit("multi-user.target")

    # Few rounds of key derivation: the passphrase is no secret, and an emulated processor is slow.
    luks = "cryptsetup -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000"
    for disk in ["/dev/vdb", "/dev/vdc"]:
        machine.succeed(f"echo -n supersecret | {luks} luksFormat {disk} -")
    machine.succeed("echo -n supersecret | cryptsetup open /dev/vdc cryptdata -")
    machine.succeed("mkfs.ext4 -q /dev/mapper/cryptdata")

    # From now on the machine starts the variant, whose root is encrypted.
    machine.succeed("bootctl set-default nixos-generation-1-specialisation-encrypted.conf")
    machine.succeed("sync")
    machine.crash()
    machine.start()
    machine.wait_for_console_text("Please enter passphrase for disk cryptroot")

    client.wait_until_succeeds("nc -z machine 22")
    client.succeed(
        "echo supersecret | ssh -i /etc/client_key -o UserKnownHostsFile=/etc/known_hosts root@machine"
    )
    machine.wait_for_unit("multi-user.target")
    mounts = machine.succeed("mount")
    assert "/dev/mapper/cryptroot on / type ext4" in mounts, mounts
    assert "/dev/mapper/cryptdata on /data type ext4" in mounts, mounts
  '';
}
