{ imports = [ ../../../../modules/profiles/not-detected.nix ]; }
