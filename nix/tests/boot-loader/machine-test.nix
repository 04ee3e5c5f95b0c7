# The whole way of a machine from its firmware to its services, twice: the boot loader's entries, the initial
# file system by systemd, a configuration chosen for the next boot.
{
  pkgs ? import ../../. { system = "x86_64-linux"; },
}:
pkgs.nixosTest {
  name = "boot-loader";
  globalTimeout = 600;

  nodes.machine = {
    virtualisation = {
      useBootLoader = true;
      useEFIBoot = true;
    };
    boot.loader.systemd-boot.enable = true;
    boot.initrd.systemd.enable = true;
    testing.initrdBackdoor = true;
    specialisation.other.configuration.environment.etc.variant.text = "other";
  };

  testScript = ''
    machine.start(allow_reboot=True)
    machine.wait_for_unit("initrd.target")
    machine.succeed("test -e /etc/initrd-release", "test -x /sysroot$(sed 's/.*init=\\([^ ]*\\).*/\\1/' /proc/cmdline)")
    machine.switch_root()
    machine.wait_for_unit("multi-user.target")
    machine.fail("test -e /etc/initrd-release || test -e /etc/variant")
    machine.succeed("bootctl status | grep -i 'product: systemd-boot'")

    # A second generation, which is the first one's variant, is what the machine starts from now on.
    entries = machine.succeed("ls /boot/loader/entries").split()
    assert entries == ["nixos-generation-1-specialisation-other.conf", "nixos-generation-1.conf"], entries
    machine.succeed(
        "ln -s $(readlink -f /run/current-system/specialisation/other) /nix/var/nix/profiles/system-2-link",
        "ln -sfn system-2-link /nix/var/nix/profiles/system",
        "/nix/var/nix/profiles/system/bin/switch-to-configuration boot",
        "grep '^default nixos-generation-2.conf$' /boot/loader/loader.conf",
    )
    entries = machine.succeed("ls /boot/loader/entries").split()
    assert "nixos-generation-2.conf" in entries and len(entries) == 3, entries

    machine.reboot()
    machine.wait_for_unit("initrd.target")
    machine.switch_root()
    machine.wait_for_unit("multi-user.target")
    machine.succeed("grep other /etc/variant")
    machine.shutdown()
  '';
}
