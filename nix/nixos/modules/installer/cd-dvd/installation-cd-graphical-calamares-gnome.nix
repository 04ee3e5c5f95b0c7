import ./iso-image.nix
