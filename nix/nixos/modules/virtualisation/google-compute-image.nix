import ../lacking.nix {
  what = "set-up and images for Google's cloud";
  builds = [ "googleComputeImage" ];
  root = "/dev/disk/by-label/nixos";
}
