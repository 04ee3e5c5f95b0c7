{ imports = [ ../../../modules/core/functions/module.nix ]; }
