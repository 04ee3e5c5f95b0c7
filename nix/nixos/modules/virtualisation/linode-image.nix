import ../lacking.nix {
  what = "set-up and images for Linode";
  builds = [ "linodeImage" ];
  root = "/dev/disk/by-label/nixos";
}
