# Tests of machines, as older files call them.
{
  system ? builtins.currentSystem or "x86_64-linux",
  pkgs ? import ../.. { inherit system; },
  ...
}:
let
  # What is called this way may have been written when users needed no group.
  makeTest =
    test:
    pkgs.nixosTest (
      test
      // {
        defaults = {
          imports = [ test.defaults or { } ];
          users.likeIn2020 = pkgs.lib.mkDefault true;
        };
      }
    );
in
{
  inherit pkgs makeTest;
  simpleTest = makeTest;
  runInMachine = throw "base: `runInMachine' is no longer in NixOS";
}
