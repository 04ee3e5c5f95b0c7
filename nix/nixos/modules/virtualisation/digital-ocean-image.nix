import ../lacking.nix {
  what = "set-up and images for DigitalOcean";
  builds = [ "digitalOceanImage" ];
  root = "/dev/disk/by-label/nixos";
}
