import ../lacking.nix {
  what = "set-up and images for containers of Proxmox";
  options = [ "proxmoxLXC" ];
  builds = [ "tarball" ];
  root = "/dev/disk/by-label/nixos";
}
