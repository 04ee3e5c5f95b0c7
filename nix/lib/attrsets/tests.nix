{ lib }:
let
  throws = value: !(builtins.tryEval (builtins.deepSeq value null)).success;
in
{
  testAttrByPathThroughValue = {
    expr = lib.attrByPath [ "a" "b" ] "default" { a = 1; };
    expected = "default";
  };
  testAttrByPathLazyDefault = {
    expr = lib.attrByPath [ "a" ] (throw "not needed") { a = 1; };
    expected = 1;
  };
  testSetAttrByEmptyPath = {
    expr = lib.setAttrByPath [ ] 1;
    expected = 1;
  };
  testRecursiveUpdateIsLazy = {
    expr = (lib.recursiveUpdate { a.x = 1; } { a.y = throw "not needed"; b = throw "nor this"; }).a.x;
    expected = 1;
  };
  testRecursiveUpdateReplacesByValue = {
    expr = lib.recursiveUpdate { a.b = 1; } { a = 2; };
    expected = { a = 2; };
  };
  testMergeAttrsListRightWins = {
    expr = lib.attrsets.mergeAttrsList [ { a = 1; } { a = 2; b = 2; } { b = 3; } { } { c = 4; } ];
    expected = { a = 2; b = 3; c = 4; };
  };
  testMergeAttrsListEmpty = {
    expr = lib.attrsets.mergeAttrsList [ ];
    expected = { };
  };
  testFoldAttrsMissing = {
    expr = lib.foldAttrs (n: sum: n + sum) 0 [ { a = 2; b = 7; } { a = 3; c = 8; } ];
    expected = { a = 5; b = 7; c = 8; };
  };
  testUpdateDeeperFirst = {
    expr =
      lib.updateManyAttrsByPath
        [
          { path = [ "a" ]; update = old: old // { seen = old.b; }; }
          { path = [ "a" "b" ]; update = old: old + 1; }
        ]
        { a.b = 0; };
    expected = { a = { b = 1; seen = 1; }; };
  };
  testUpdateOfMissing = {
    expr = throws (lib.updateManyAttrsByPath [ { path = [ "a" "b" ]; update = old: old; } ] { });
    expected = true;
  };
  testUpdateMakesNew = {
    expr = lib.updateManyAttrsByPath [ { path = [ "a" "b" ]; update = _: 1; } ] { };
    expected = { a.b = 1; };
  };
  testUpdateBelowValue = {
    expr = throws (lib.updateManyAttrsByPath [ { path = [ "a" "b" ]; update = _: 1; } ] { a = 2; });
    expected = true;
  };
  testUnionOfDisjointClash = {
    expr = map throws [
      (lib.attrsets.unionOfDisjoint { a = 1; b = 1; } { a = 2; }).a
      (lib.attrsets.unionOfDisjoint { a = 1; b = 1; } { a = 2; }).b
    ];
    expected = [ true false ];
  };
  testMatchAttrsMissing = {
    expr = lib.matchAttrs { a.b = 1; } { };
    expected = false;
  };
  testGetOutputSpecified = {
    expr = (lib.getOutput "dev" { outputSpecified = true; id = 1; dev.id = 2; }).id;
    expected = 1;
  };
  testCartesianOfNothing = {
    expr = [ (lib.cartesianProduct { }) (lib.cartesianProduct { a = [ ]; b = [ 1 ]; }) ];
    expected = [ [ { } ] [ ] ];
  };
}
