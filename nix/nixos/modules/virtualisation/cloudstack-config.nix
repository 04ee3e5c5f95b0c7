import ../lacking.nix {
  what = "set-up for machines of CloudStack";
  root = "/dev/disk/by-label/nixos";
}
