# Modules that stand in a list, as in a flake.
{ lib, ... }:
{
  networking.hostName =
    (lib.evalModules {
      modules = [
        { options.users = lib.mkOption { type = lib.types.attrsOf (lib.types.submodule { options.name = lib.mkOption { }; }); }; }
        { users.alice.named = "Alice"; }
      ];
    }).config.users.alice.name;
}
