# Swap of a machine: a file that is made, a device that is encrypted with a new key, and compressed memory.
{
  pkgs ? import ../../. { system = "x86_64-linux"; },
}:
pkgs.nixosTest {
  name = "swap";
  globalTimeout = 600;

  nodes.machine =
    { lib, pkgs, ... }:
    {
      virtualisation.emptyDiskImages = [ 128 ];
      environment.systemPackages = [ pkgs.cryptsetup ];
      zramSwap.enable = true;
      # Machines of tests have none, unless it is asked for more strongly.
      swapDevices = lib.mkOverride 5 [
        {
          device = "/swapfile";
          size = 64;
          priority = 3;
        }
        {
          device = "/dev/vdb";
          randomEncryption = {
            enable = true;
            keySize = 512;
          };
          discardPolicy = "both";
        }
      ];
    };

  testScript = ''
    machine.wait_for_unit("swap.target")
    machine.wait_for_unit("multi-user.target")
    swaps = machine.succeed("cat /proc/swaps")
    assert "/swapfile" in swaps and "zram0" in swaps and "dm-" in swaps, swaps
    machine.succeed("cryptsetup status dev-vdb | grep 'cipher: *aes-xts-plain64'")
    machine.succeed("cryptsetup status dev-vdb | grep 'keysize: *512'")
    machine.succeed("swapon --show=NAME,PRIO --noheadings | grep '/swapfile  *3'")
  '';
}
