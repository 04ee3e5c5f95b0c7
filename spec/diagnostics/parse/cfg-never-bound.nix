{ config, lib, ... }:
{
  options.services.kiwix = {
    enable = lib.mkEnableOption "kiwix service";
    port = lib.mkOption { default = 1337; };
  };
  config = lib.mkIf cfg.enable { };
}
