import ../lacking.nix {
  what = "set-up for machines of Linode";
  root = "/dev/disk/by-label/nixos";
}
