# What modules hand each other.
{ lib, ... }:
{
  options.lib = lib.mkOption {
    type = lib.types.attrsOf lib.types.attrs;
    default = { };
    description = "Functions that modules make for other modules, which find them in `config.lib`.";
  };
}
