import ../lacking.nix {
  what = "set-up and images for Amazon's cloud";
  options = [ "ec2" ];
  builds = [ "amazonImage" ];
  root = "/dev/disk/by-label/nixos";
}
