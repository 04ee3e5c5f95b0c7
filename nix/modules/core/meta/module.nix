# Facts about modules themselves.
{ lib, ... }:
{
  options.meta = lib.mkOption {
    type = lib.types.lazyAttrsOf lib.types.unspecified;
    internal = true;
    default = { };
    description = "Maintainers and documentation of modules; read by tools, not by the system.";
  };
}
