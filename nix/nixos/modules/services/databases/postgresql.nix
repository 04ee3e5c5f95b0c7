{ imports = [ ../../../../modules/services/postgresql/module.nix ]; }
