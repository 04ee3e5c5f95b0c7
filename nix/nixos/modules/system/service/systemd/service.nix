import ../../../../../modules/core/modular-services/service.nix
