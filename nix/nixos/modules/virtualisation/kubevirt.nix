import ../lacking.nix {
  what = "set-up and images for KubeVirt";
  builds = [ "kubevirtImage" ];
  root = "/dev/disk/by-label/nixos";
}
