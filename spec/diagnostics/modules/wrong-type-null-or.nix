{ lib, ... }:
{
  options.user = lib.mkOption { type = lib.types.nullOr lib.types.str; };
  config.user = 1000;
}
