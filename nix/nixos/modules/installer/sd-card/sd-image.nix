import ../../lacking.nix {
  what = "images of SD cards";
  options = [ "sdImage" ];
  builds = [ "sdImage" ];
  root = "/dev/disk/by-label/NIXOS_SD";
}
