# `mkIf` with its condition alone, in a list.
{ lib, ... }:
{
  services.web.modules = [ (lib.mkIf true) ];
}
