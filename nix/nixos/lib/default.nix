# Functions of NixOS for users outside of it: machines, and tests of them.
{
  lib ? import ../../lib,
  ...
}:
{
  evalModules =
    {
      prefix ? [ ],
      modules ? [ ],
      specialArgs ? { },
    }:
    lib.evalModules {
      inherit prefix modules;
      class = "nixos";
      specialArgs = {
        modulesPath = toString ../modules;
      }
      // specialArgs;
    };
  runTest =
    module:
    let
      pkgs = import ../.. { };
    in
    pkgs.testers.runNixOSTest module;
}
