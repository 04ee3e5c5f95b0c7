import ../lacking.nix { what = "set-up and images for containers of LXC"; builds = [ "tarball" ]; root = "/dev/disk/by-label/nixos"; }
