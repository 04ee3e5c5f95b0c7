{ imports = [ ../../../../../modules/core/modular-services/module.nix ]; }
