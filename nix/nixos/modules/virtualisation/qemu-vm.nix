# A machine that NixOS would start by a script of its own: its options are those of machines in tests, which
# `firn test` starts.
{ lib, ... }:
{
  imports = [
    ../../../testing/node/hardware.nix
    ../../../testing/node/options.nix
  ];
  config.system.build.vm = lib.mkDefault (
    throw "base has no script that starts a machine (`system.build.vm'): make it a node of a test, and start it with `firn test shell'."
  );
}
