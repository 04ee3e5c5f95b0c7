# The way of a machine from UEFI firmware through GRUB's menu to its services: where firmware looks by default, and by an
# entry among its variables.
{
  pkgs ? import ../../. { system = "x86_64-linux"; },
}:
pkgs.nixosTest {
  name = "grub-uefi";
  globalTimeout = 900;

  # GRUB is what is taken where nothing else is said.
  defaults =
    { pkgs, ... }:
    {
      virtualisation = {
        useBootLoader = true;
        useEFIBoot = true;
      };
      boot.loader.grub.extraConfig = "serial; terminal_output serial";
      specialisation.other.configuration.environment.etc.variant.text = "other";
      environment.systemPackages = [ pkgs.efibootmgr ];
    };
  nodes.removable = { };
  nodes.entry.boot.loader = {
    efi.canTouchEfiVariables = true;
    grub = {
      efiSupport = true;
      device = "nodev";
    };
  };

  testScript = ''
    install = "NIXOS_INSTALL_BOOTLOADER=1 /nix/var/nix/profiles/system/bin/switch-to-configuration boot >&2"

    with subtest("the folder where firmware looks"):
        removable.start(allow_reboot=True)
        removable.wait_for_unit("multi-user.target")
        removable.succeed("test -d /sys/firmware/efi/efivars", "grep BOOT_IMAGE=.*/kernels/ /proc/cmdline")
        removable.fail("test -e /etc/variant")
        # The loader is written anew, and the menu's second entry is taken once.
        removable.succeed("rm -r /boot/EFI", install, "test -s /boot/EFI/BOOT/BOOTX64.EFI", "grub-reboot 1")
        removable.fail("efibootmgr | grep NixOS")
        removable.reboot()
        removable.wait_for_unit("multi-user.target")
        removable.succeed("grep other /etc/variant")
        removable.shutdown()

    with subtest("an entry among the firmware's variables"):
        entry.start(allow_reboot=True)
        entry.wait_for_unit("multi-user.target")
        # A second generation, which is the first one's variant, is what the machine starts from now on.
        entry.succeed(
            "ln -s $(readlink -f /run/booted-system)/specialisation/other /nix/var/nix/profiles/system-2-link",
            "ln -sfn system-2-link /nix/var/nix/profiles/system",
            "rm -r /boot/EFI",
            install,
            "test -s /boot/EFI/NixOS-boot/grubx64.efi",
            "test ! -e /boot/EFI/BOOT",
            "efibootmgr | grep NixOS-boot",
            "test $(grep -c 'menuentry .*Configuration 2 ' /boot/grub/grub.cfg) = 1",
        )
        entry.reboot()
        entry.wait_for_unit("multi-user.target")
        entry.succeed("grep other /etc/variant")
        current = entry.succeed("efibootmgr | sed -n 's/BootCurrent: //p'").strip()
        entry.succeed(f"efibootmgr | grep 'Boot{current}.*NixOS-boot'")
        entry.shutdown()
  '';
}
