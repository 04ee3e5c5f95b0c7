{ imports = [ ../../../modules/profiles/base.nix ]; }
