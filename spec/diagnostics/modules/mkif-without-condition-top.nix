{ lib, ... }:
{
  config = lib.mkIf {
    services.web.enable = true;
  };
}
