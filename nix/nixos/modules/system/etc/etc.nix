{ imports = [ ../../../../modules/core/environment/etc/module.nix ]; }
