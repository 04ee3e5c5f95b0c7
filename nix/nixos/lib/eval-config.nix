import ../../modules/eval-config.nix
