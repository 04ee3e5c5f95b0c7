{ imports = [ ../../../../modules/services/redis/module.nix ]; }
