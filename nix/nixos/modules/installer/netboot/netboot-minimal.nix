import ./netboot.nix
