{ lib, config, ... }:
{
  options = lib.mkIf config.services.web.enable {
    services.more = lib.mkOption { };
  };
}
