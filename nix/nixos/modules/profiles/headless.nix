{ imports = [ ../../../modules/profiles/headless.nix ]; }
