import ../lacking.nix {
  what = "set-up and images for Vagrant";
  builds = [ "vagrantVirtualbox" ];
  root = "/dev/disk/by-label/nixos";
}
