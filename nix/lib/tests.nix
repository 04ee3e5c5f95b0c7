# The library's own tests: the list of those that failed, which is to be empty.
#
#     nix-instantiate --eval --strict nix/lib/tests.nix
#
# A folder's cases are in its `tests.nix`: a function of `{ lib }` that gives
# `{ testNAME = { expr = …; expected = …; }; }`. What the examples in the doc comments claim is checked
# elsewhere.
let
  lib = import ./.;
  folders = builtins.filter (name: builtins.pathExists (./. + "/${name}/tests.nix")) (
    builtins.attrNames (builtins.readDir ./.)
  );
  failures =
    folder:
    map (failure: failure // { name = "${folder}.${failure.name}"; }) (
      lib.runTests (import (./. + "/${folder}/tests.nix") { inherit lib; })
    );
in
builtins.concatMap failures folders
