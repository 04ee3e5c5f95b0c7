{ lib, ... }:
{
  services.web.port = lib.mkIf true 100000;
}
