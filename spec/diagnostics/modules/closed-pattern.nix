{ lib, config }:
{
  services.web.enable = true;
}
