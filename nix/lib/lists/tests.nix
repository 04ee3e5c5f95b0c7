{ lib }:
let
  throws = value: !(builtins.tryEval (builtins.deepSeq value null)).success;
  long = lib.range 1 100000;
in
{
  testFoldrIsLazy = {
    expr = lib.foldr (a: b: a == 1 || b) false [ 0 1 (throw "not needed") ];
    expected = true;
  };
  testFoldlStrictStart = {
    expr = throws (lib.foldl' (_: x: x) (throw "needed") [ 1 ]);
    expected = true;
  };
  testFindFirstInLongList = {
    expr = lib.findFirst (n: n == 99999) null long;
    expected = 99999;
  };
  testFindFirstStopsLooking = {
    expr = lib.findFirst (n: n == 1) null [ 1 (throw "not needed") ];
    expected = 1;
  };
  testSublistBeyond = {
    expr = [ (lib.sublist 5 2 [ 1 2 ]) (lib.sublist 1 9 [ 1 2 ]) (lib.take 9 [ 1 ]) (lib.drop 9 [ 1 ]) (lib.sublist 0 (-1) [ 1 ]) ];
    expected = [ [ ] [ 2 ] [ 1 ] [ ] [ ] ];
  };
  testToposortCycle = {
    expr = lib.toposort (a: b: b == a + 1 || (a == 3 && b == 1)) [ 1 2 3 ] ? cycle;
    expected = true;
  };
  testToposortStable = {
    expr = (lib.toposort (a: b: lib.hasPrefix a b && a != b) [ "/home/user" "other" "/" "/home" ]).result;
    expected = [ "/" "/home" "/home/user" "other" ];
  };
  testCompareListsLength = {
    expr = map (pair: lib.compareLists lib.compare pair.a pair.b) [
      { a = [ ]; b = [ 1 ]; }
      { a = [ 1 ]; b = [ 1 ]; }
      { a = [ 2 ]; b = [ 1 9 ]; }
    ];
    expected = [ (-1) 0 1 ];
  };
  testNaturalSortLeadingZeros = {
    expr = lib.naturalSort [ "v0.10" "v0.9" "v0.09" "a" "10" "9" ];
    expected = [ "9" "10" "a" "v0.09" "v0.9" "v0.10" ];
  };
  testEmptyLastAndInit = {
    expr = map throws [ (lib.last [ ]) (lib.init [ ]) ];
    expected = [ true true ];
  };
  testGroupByKeepsOrder = {
    expr = lib.groupBy (n: if n < 3 then "small" else "large") [ 2 4 1 3 ];
    expected = { small = [ 2 1 ]; large = [ 4 3 ]; };
  };
  testReplaceElemAtBounds = {
    expr = map (at: throws (lib.replaceElemAt [ 1 ] at 0)) [ (-1) 0 1 ];
    expected = [ true false true ];
  };
}
