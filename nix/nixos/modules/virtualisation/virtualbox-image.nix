import ../lacking.nix {
  what = "set-up and images for VirtualBox";
  options = [ "virtualbox" ];
  builds = [ "virtualBoxOVA" ];
  root = "/dev/disk/by-label/nixos";
}
