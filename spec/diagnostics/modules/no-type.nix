{ lib, ... }:
{
  options.names = lib.mkOption { type = lib.types.listOf; };
  config.names = [ "x" ];
}
