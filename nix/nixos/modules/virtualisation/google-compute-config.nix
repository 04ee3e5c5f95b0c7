import ../lacking.nix {
  what = "set-up for machines of Google's cloud";
  root = "/dev/disk/by-label/nixos";
}
