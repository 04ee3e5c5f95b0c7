{ imports = [ ../../../modules/core/users/module.nix ]; }
