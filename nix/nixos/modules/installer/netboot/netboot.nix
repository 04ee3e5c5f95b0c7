import ../../lacking.nix {
  what = "images to boot from the network";
  options = [ "netboot" ];
  builds = [ "netbootRamdisk" "netbootIpxeScript" ];
  root = "/dev/disk/by-label/nixos";
}
