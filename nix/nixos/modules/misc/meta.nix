{ imports = [ ../../../modules/core/meta/module.nix ]; }
