# The test's name, and the packages of its host side.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
in
{
  options = {
    name = mkOption {
      type = types.str;
      description = "Name of the test; its derivation is `vm-test-run-NAME`.";
    };
    hostPkgs = mkOption {
      type = types.raw;
      description = "Packages for the side that drives the test.";
    };
  };
  config._module.args = {
    inherit (config) hostPkgs;
    pkgs = config.hostPkgs;
  };
}
