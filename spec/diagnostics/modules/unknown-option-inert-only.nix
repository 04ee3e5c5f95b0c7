{ lib, ... }:
{
  imports = [
    {
      _file = import ../../../nix/lib/modules/fallback.nix;
      options.services.grafana.enable = lib.mkEnableOption "nothing";
    }
  ];
  services.grafna.enable = true;
}
