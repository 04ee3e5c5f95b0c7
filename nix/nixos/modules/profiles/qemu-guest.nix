{ imports = [ ../../../modules/profiles/qemu-guest.nix ]; }
