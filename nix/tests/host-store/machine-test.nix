# A machine whose store is the one of the driver's side, which QEMU serves, written to in memory.
{
  pkgs ? import ../../. { system = "x86_64-linux"; },
}:
let
  named = pkgs.writeText "named" "by the script";
in
pkgs.nixosTest {
  name = "host-store";
  globalTimeout = 600;
  backend = "vm";

  nodes.machine.virtualisation = {
    mountHostNixStore = true;
    diskImage = null;
  };

  testScript = ''
    machine.wait_for_unit("multi-user.target")
    machine.succeed("findmnt -n -o FSTYPE /nix/.ro-store | grep -x 9p")
    machine.succeed("findmnt -n -o FSTYPE / | grep -x tmpfs")
    machine.succeed("grep -x 'by the script' ${named}")
    machine.succeed("echo new > /nix/store/new", "test ! -e /nix/.ro-store/new")
  '';
}
