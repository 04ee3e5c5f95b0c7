{ lib, ... }:
{
  options.services.more = lib.types.str;
}
