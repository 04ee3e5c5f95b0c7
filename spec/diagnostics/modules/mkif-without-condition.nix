{ lib, ... }:
{
  services.web.modules = lib.mkIf [ "x" ];
}
