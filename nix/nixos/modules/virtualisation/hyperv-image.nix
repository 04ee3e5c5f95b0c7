import ../lacking.nix {
  what = "set-up and images for Hyper-V";
  options = [ "hyperv" ];
  builds = [ "hypervImage" ];
  root = "/dev/disk/by-label/nixos";
}
