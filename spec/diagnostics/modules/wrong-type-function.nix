{ lib, ... }:
{
  options.overlays = lib.mkOption { type = lib.types.listOf (lib.types.functionTo lib.types.raw); };
  config.overlays = _final: { };
}
