{ imports = [ ../../../../../modules/services/nginx/module.nix ]; }
