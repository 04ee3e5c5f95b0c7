import ../lacking.nix {
  what = "set-up for machines of DigitalOcean";
  root = "/dev/disk/by-label/nixos";
}
