{ lib, ... }:
{
  options.level = lib.mkOption { type = lib.types.enum [ "debug" "info" "warning" ]; };
  config.level = "waring";
}
