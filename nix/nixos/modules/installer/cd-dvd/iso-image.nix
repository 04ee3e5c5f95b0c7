import ../../lacking.nix {
  what = "images of installation media";
  options = [ "isoImage" ];
  builds = [ "isoImage" ];
  root = "/dev/disk/by-label/nixos";
}
