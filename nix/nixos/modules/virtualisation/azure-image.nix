import ../lacking.nix {
  what = "set-up and images for Azure";
  builds = [ "azureImage" ];
  root = "/dev/disk/by-label/nixos";
}
