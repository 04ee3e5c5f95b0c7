{ lib, config, ... }:
{
  options.networking.domain = lib.mkOption { type = lib.types.str; };
  config.services.web.modules = [ config.networking.domain ];
}
