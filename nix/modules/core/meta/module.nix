# Facts about modules themselves. Other systems of modules import this file and declare more of their own.
{ lib, ... }:
{
  options.meta = lib.mkOption {
    type = lib.types.lazyAttrsOf lib.types.unspecified;
    internal = true;
    default = { };
    description = "Maintainers and documentation of modules; read by tools, not by the system.";
  };
}
