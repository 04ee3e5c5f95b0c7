{ config, pkgs, lib, ... } = 
with lib;
{
  options.services.kiwix = {
    enable = mkEnableOption "kiwix service";
  };
}
