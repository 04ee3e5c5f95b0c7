import ../lacking.nix {
  what = "set-up and images for Oracle's cloud";
  options = [ "oci" ];
  builds = [ "OCIImage" ];
  root = "/dev/disk/by-label/nixos";
}
