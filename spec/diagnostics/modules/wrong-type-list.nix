{ lib, ... }:
{
  services.web.modules = "php";
}
