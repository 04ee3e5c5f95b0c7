{ lib, ... }:
{
  config = lib.mkMerge { services.web.enable = true; };
}
