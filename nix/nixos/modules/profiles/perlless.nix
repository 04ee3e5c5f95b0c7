{ imports = [ ../../../modules/profiles/perlless.nix ]; }
