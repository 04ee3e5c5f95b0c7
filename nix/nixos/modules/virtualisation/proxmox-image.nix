import ../lacking.nix {
  what = "set-up and images for Proxmox";
  options = [ "proxmox" ];
  builds = [ "VMA" ];
  root = "/dev/disk/by-label/nixos";
}
