{ imports = [ ../../../../../modules/services/openssh/module.nix ]; }
