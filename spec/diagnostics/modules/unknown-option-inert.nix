# A name without effect (a fallback declares it) is nearer than one with effect, and yet comes after it.
{ lib, ... }:
{
  imports = [
    {
      _file = import ../../../nix/lib/modules/fallback.nix;
      options.services.wep.enable = lib.mkEnableOption "nothing";
    }
  ];
  services.wepp.enable = true;
}
