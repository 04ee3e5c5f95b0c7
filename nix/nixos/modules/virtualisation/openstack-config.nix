import ../lacking.nix {
  what = "set-up for machines of OpenStack";
  root = "/dev/disk/by-label/nixos";
}
