import ../lacking.nix {
  what = "set-up and images for VMware";
  options = [ "vmware" ];
  builds = [ "vmwareImage" ];
  root = "/dev/disk/by-label/nixos";
}
