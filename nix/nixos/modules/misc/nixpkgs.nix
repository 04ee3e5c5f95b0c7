{ imports = [ ../../../modules/core/nixpkgs/module.nix ]; }
