# Tests of machines, as older files call them.
{
  system ? builtins.currentSystem or "x86_64-linux",
  pkgs ? import ../.. { inherit system; },
  ...
}:
{
  inherit pkgs;
  makeTest = pkgs.nixosTest;
  simpleTest = pkgs.nixosTest;
  runInMachine = throw "base: `runInMachine' is no longer in NixOS";
}
