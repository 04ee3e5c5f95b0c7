import ./sd-image.nix
