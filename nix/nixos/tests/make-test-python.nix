# A test of machines, as older files call it: a function of the package set, or a set.
test:
{
  system ? builtins.currentSystem or "x86_64-linux",
  pkgs ? import ../.. { inherit system; },
  ...
}@args:
(import ../lib/testing-python.nix { inherit system pkgs; }).makeTest (
  if builtins.isFunction test then test (args // { inherit pkgs; inherit (pkgs) lib; }) else test
)
