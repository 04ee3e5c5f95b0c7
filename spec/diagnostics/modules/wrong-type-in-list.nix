{ lib, ... }:
{
  services.web.modules = [
    "php"
    8
  ];
}
