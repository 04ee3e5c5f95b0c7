# A listing of the notes, mended: braces around the output, a semicolon before `in`, addresses, the
# names of methods, and a command for ssh, whose key a store can't keep private.
{
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-25.05";
  outputs = { self, nixpkgs, }: { checks.x86_64-linux.remote-unlock-test = let
    remoteUnlock = import ./module.nix;
    pkgs = import nixpkgs {system = "x86_64-linux";};
    inherit (pkgs) lib;
    # Small helper that creates an actual derivation with files for our test.
    # The result of calling `buildSSHKeys "ed25519" "my_key" is a folder
    # in the /nix/store that looks very similar to any other package
    # Creating a package is sometimes very easy, as these five lines show,
    # and it's the equivalent of creating a .deb or .rpm package
    buildSSHKeys = type: name: pkgs.runCommand "ssh-keys" {} ''
      mkdir -p $out
      ${pkgs.openssh}/bin/ssh-keygen -t ${type} -N "" -f $out/${name}
      chmod 600 $out/*
    '';
    sshAccess = buildSSHKeys "ed25519" "id_ed25519";
    sshHost = buildSSHKeys "ed25519" "ssh_host_ed25519_key";

    # The actual configuration for our module in the test machine
    remoteUnlockConfig = {
      enable = true;
      hostKeys.ssh_host_ed25519_key = "${sshHost}/ssh_host_ed25519_key";
      authorizedKeys = [(builtins.readFile "${sshAccess}/id_ed25519.pub")];
      network = { useDHCP = false; address = "192.168.1.2/24"; gateway = "192.168.1.1"; };
    };
  in
    pkgs.nixosTest {
      name = "systemd-initrd-luks-password";

      nodes = {
        machine = {pkgs, ...}: {
          imports = [remoteUnlock];
          # Settings for qemu
          virtualisation = {
            # Creating two disks, to actually test that we only need to enter
            # our password once
            emptyDiskImages = [ 512 512 ];
            useBootLoader = true;
            # Booting off the encrypted disk requires an available init script
            mountHostNixStore = true;
            useEFIBoot = true;
          };
          # The driver for the network interface card emulated by qemu
          boot.initrd.availableKernelModules = ["e1000"];
          boot.loader.systemd-boot.enable = true;
          environment.systemPackages = [pkgs.cryptsetup];

          # Actually use our module configuration
          boot.initrd.remoteUnlock = remoteUnlockConfig;

          # Specialisations are "variations" that allow quickly switching
          # between different configurations. It's more useful in tests than
          # other scenarios, although some use cases include switching a lot
          # of configuration for notebooks when they are docked in a known
          # location, or on the go, setting display preferences, power saving
          # options, etc.
          specialisation.boot-luks.configuration = {
            boot.initrd.luks.devices = lib.mkVMOverride {
              cryptroot.device = "/dev/vdb";
              cryptroot2.device = "/dev/vdc";
            };
            virtualisation = {
              rootDevice = "/dev/mapper/cryptroot";
              fileSystems."/".autoFormat = true;
              # test mounting device unlocked in initrd after switching root
              fileSystems."/cryptroot2".device = "/dev/mapper/cryptroot2";
            };
          };
        };
        client = { pkgs, config, ... }: let
          serverIp = "192.168.1.2";
        in {
          environment = {
            systemPackages = with pkgs; [netcat openssh];
            etc = {
              knownHosts.text = "machine,${serverIp} ${lib.readFile "${sshHost}/ssh_host_ed25519_key.pub"}";
              sshKey = {
                source = "${sshAccess}/id_ed25519";
                mode = "0600";
              };
            };
          };
        };
      };

      testScript = ''
        start_all()

        # Create encrypted volume
        machine.wait_for_unit("multi-user.target")
        machine.succeed("echo -n supersecret | cryptsetup luksFormat -q --iter-time=1 /dev/vdb -")
        machine.succeed("echo -n supersecret | cryptsetup luksFormat -q --iter-time=1 /dev/vdc -")
        machine.succeed("echo -n supersecret | cryptsetup luksOpen   -q               /dev/vdc cryptroot2")
        machine.succeed("mkfs.ext4 /dev/mapper/cryptroot2")

        # Boot from the encrypted disk
        machine.succeed("bootctl set-default nixos-generation-1-specialisation-boot-luks.conf")
        machine.succeed("sync")
        machine.crash()

        # Boot and decrypt the disk
        machine.start()
        machine.wait_for_console_text("Please enter passphrase for disk cryptroot")
        client.wait_until_succeeds("nc -z machine 22")

        # Type the password
        client.succeed("echo supersecret | ssh machine -i /etc/sshKey -o UserKnownHostsFile=/etc/knownHosts systemd-tty-ask-password-agent")
        machine.wait_for_unit("multi-user.target")

        assert "/dev/mapper/cryptroot on / type ext4" in machine.succeed("mount"),\
          "/dev/mapper/cryptroot does not appear in mountpoints list"
        assert "/dev/mapper/cryptroot2 on /cryptroot2 type ext4" in machine.succeed("mount")
      '';
    };
  };
}
