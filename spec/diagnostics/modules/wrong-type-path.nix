{ lib, ... }:
{
  options.key = lib.mkOption { type = lib.types.path; };
  config.key = "keys/id";
}
