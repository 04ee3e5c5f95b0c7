{ imports = [ ../../../modules/core/assertions/module.nix ]; }
