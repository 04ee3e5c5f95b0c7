# The test framework: tests as modules, whose nodes are machines.
#
#   nixosTest, testers.nixosTest   called with a test as a file, a set, or a function of `pkgs`
#   testers.runNixOSTest           called with a module of the options in ./options
#   evalTest, runTest              the same with everything of the evaluation at hand
{
  pkgs,
  lib,
  system,
}:
let
  evalTest =
    module:
    lib.evalModules {
      class = "nixosTest";
      modules = import ./options ++ [ module ];
    };
  testOptions = (evalTest { }).options;
  runTest = module: (evalTest module).config.result;

  runNixOSTest =
    module:
    runTest {
      _file = "the argument of runNixOSTest";
      imports = [ module ];
      hostPkgs = lib.mkDefault pkgs;
      node.pkgs = lib.mkDefault pkgs;
    };

  # Older tests are called with the package set, and may name a single node `machine`.
  nixosTest =
    test:
    let
      loaded = if builtins.isPath test || builtins.isString test then import test else test;
      called =
        if builtins.isFunction loaded then
          loaded (builtins.intersectAttrs (builtins.functionArgs loaded) (pkgs // { inherit pkgs; }) // pkgsOf loaded)
        else
          loaded;
      # A function without named arguments takes the whole package set.
      pkgsOf = f: if builtins.functionArgs f == { } then pkgs // { inherit pkgs; } else { };
      # Older tests are `rec` sets now and then, with names of their own beside the test's.
      known = testOptions // lib.genAttrs [ "_file" "config" "imports" "options" ] (_: null);
      own = lib.attrNames (removeAttrs called (lib.attrNames known ++ [ "machine" "pos" ]));
      told = lib.warnIf (
        own != [ ]
      ) "test '${called.name or "unnamed"}': what it says of ${lib.concatStringsSep ", " own} has no effect, since tests have no such option" called;
      renamed =
        removeAttrs told ([ "machine" "pos" ] ++ own)
        // lib.optionalAttrs (called ? machine) {
          nodes = { inherit (called) machine; } // called.nodes or { };
        };
    in
    runTest {
      _file = "the argument of nixosTest";
      imports = [ renamed ];
      hostPkgs = lib.mkDefault pkgs;
      name = lib.mkOptionDefault "unnamed";
      defaults = {
        nixpkgs.pkgs = lib.mkDefault pkgs;
      };
    };
in
{
  inherit evalTest runTest nixosTest;
  testers = {
    inherit runNixOSTest nixosTest;
  };
}
