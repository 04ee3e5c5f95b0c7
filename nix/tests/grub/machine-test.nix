# The way of a machine from its BIOS to its services: GRUB's menu, a specialisation chosen for the next start only, a
# second generation that everything is installed anew for, and an older one chosen by its title.
{
  pkgs ? import ../../. { system = "x86_64-linux"; },
}:
pkgs.nixosTest {
  name = "grub";
  globalTimeout = 900;

  nodes.machine = {
    virtualisation.useBootLoader = true;
    boot.loader.grub.extraConfig = "serial; terminal_output serial";
    specialisation.other.configuration.environment.etc.variant.text = "other";
  };

  testScript = ''
    machine.start(allow_reboot=True)
    machine.wait_for_unit("multi-user.target")
    machine.succeed("grep BOOT_IMAGE=.*/boot/kernels/ /proc/cmdline", "test -e /boot/grub/grub.cfg")
    machine.fail("test -e /etc/variant")

    # Once, by its number.
    machine.succeed("grub-reboot 1")
    machine.reboot()
    machine.wait_for_unit("multi-user.target")
    machine.succeed("grep other /etc/variant")

    # A second generation, which is the first one's variant, is what the machine starts from now on; GRUB's own program
    # writes the disk.
    machine.succeed(
        "ln -s $(readlink -f /run/booted-system) /nix/var/nix/profiles/system-2-link",
        "ln -sfn system-2-link /nix/var/nix/profiles/system",
        "dd if=/dev/zero of=/dev/vda bs=440 count=1 conv=notrunc",
        "NIXOS_INSTALL_BOOTLOADER=1 /nix/var/nix/profiles/system/bin/switch-to-configuration boot >&2",
        "grep 'search --set=drive1 --fs-uuid' /boot/grub/grub.cfg",
        "test $(grep -c 'menuentry .*Configuration 2 ' /boot/grub/grub.cfg) = 1",
    )
    machine.reboot()
    machine.wait_for_unit("multi-user.target")
    machine.succeed("grep other /etc/variant")

    # An older one, by the titles of the menus it is in.
    title = machine.succeed("grep -o 'NixOS - Configuration 1 ([^\"]*' /boot/grub/grub.cfg").splitlines()[0]
    entry = title.replace("Configuration 1 ", "Configuration 1 - Default ")
    machine.succeed(f"grub-reboot 'NixOS - All configurations>{title}>{entry}'")
    machine.reboot()
    machine.wait_for_unit("multi-user.target")
    machine.fail("test -e /etc/variant")
    machine.shutdown()
  '';
}
