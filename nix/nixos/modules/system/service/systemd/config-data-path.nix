import ../../../../../modules/core/modular-services/config-data-path.nix
