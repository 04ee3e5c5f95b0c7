{ imports = [ ../../../modules/profiles/minimal.nix ]; }
