{ imports = [ ../../../modules/core/file-systems/module.nix ]; }
