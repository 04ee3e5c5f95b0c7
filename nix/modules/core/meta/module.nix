# Facts about modules themselves, and what they hand each other.
{ lib, ... }:
{
  options.lib = lib.mkOption {
    type = lib.types.attrsOf lib.types.attrs;
    default = { };
    description = "Functions that modules make for other modules, which find them in `config.lib`.";
  };
  options.meta = lib.mkOption {
    type = lib.types.lazyAttrsOf lib.types.unspecified;
    internal = true;
    default = { };
    description = "Maintainers and documentation of modules; read by tools, not by the system.";
  };
}
