# From package set to machines and tests: `pkgs.nixos`, `pkgs.nixosTest`, `pkgs.testers`.
{
  pkgs,
  lib,
  system,
}:
let
  testing = import ../testing {
    inherit pkgs system;
    # That of a package set that was extended.
    inherit (pkgs) lib;
  };
in
{
  # A machine's configuration from one module or a list of them.
  nixos =
    configuration:
    let
      evaluated = import ../modules/eval-config.nix {
        inherit lib pkgs;
        modules = lib.toList configuration;
      };
    in
    evaluated.config.system.build // evaluated;

  inherit (testing) nixosTest testers;
  nixosTests = testing.nixosTests or { };
}
