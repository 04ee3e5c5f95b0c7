{ lib, config, ... }:
{
  networking.hostName = lib.mkIf config.services.web "web";
}
