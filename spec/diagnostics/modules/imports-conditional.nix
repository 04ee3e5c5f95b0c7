{ lib, config, ... }:
{
  imports = lib.mkIf config.services.web.enable [ ./conflict.other.nix ];
}
