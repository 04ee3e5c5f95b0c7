{ lib }:
let
  throws = value: !(builtins.tryEval (builtins.deepSeq value null)).success;
  withContext = "${builtins.storeDir}/x";
in
{
  testHasInfixNoPattern = {
    expr = map (infix: lib.hasInfix infix "a.b*c\nd") [ "." "b*" "c\nd" "" "x" "a.b*c\nde" ];
    expected = [ true true true true false false ];
  };
  testSplitStringKeepsEmpty = {
    expr = lib.splitString "/" "/a//b/";
    expected = [ "" "a" "" "b" "" ];
  };
  testSplitStringOfPatternCharacters = {
    expr = lib.splitString ".*" "a.*b.c";
    expected = [ "a" "b.c" ];
  };
  testTrimInner = {
    expr = map lib.trim [ "" " \t\n" " a b " "a\n\nb\n" ];
    expected = [ "" "" "a b" "a\n\nb" ];
  };
  testNormalizePath = {
    expr = map lib.strings.normalizePath [ "//a/" "a" "" "/" ];
    expected = [ "/a/" "a" "" "/" ];
  };
  testToIntRefuses = {
    expr = map (s: throws (lib.toInt s)) [ "1" " 1 " "01" "1.5" "" "x" "99999999999999999999" "0" ];
    expected = [ false false true true true true true false ];
  };
  testToIntBase10 = {
    expr = map lib.toIntBase10 [ "0" "000" "007" "-7" " 12 " ];
    expected = [ 0 0 7 (-7) 12 ];
  };
  testEscapeShellArg = {
    expr = map lib.escapeShellArg [ "" "a b" "it's" "-x=1" "a/b.c" ];
    expected = [ "''" "'a b'" "'it'\\''s'" "'-x=1'" "a/b.c" ];
  };
  testEscapeNixIdentifier = {
    expr = map lib.strings.escapeNixIdentifier [ "a-b'" "if" "a.b" "0a" "$x" ];
    expected = [ "a-b'" "\"if\"" "\"a.b\"" "\"0a\"" "\"\\$x\"" ];
  };
  testLevenshtein = {
    expr = map (pair: lib.strings.levenshtein (builtins.head pair) (lib.last pair)) [
      [ "" "" ] [ "" "abc" ] [ "abc" "" ] [ "kitten" "sitting" ] [ "flaw" "lawn" ] [ "same" "same" ]
    ];
    expected = [ 0 3 3 3 2 0 ];
  };
  testLevenshteinAtMostAgrees = {
    expr = lib.all (
      { a, b, k }: lib.strings.levenshteinAtMost k a b == (lib.strings.levenshtein a b <= k)
    ) (lib.cartesianProduct {
      a = [ "" "a" "ab" "abc" "bac" "abcdef" "abxdef" ];
      b = [ "" "a" "ba" "abc" "abcd" "abcxef" "xyz" ];
      k = [ 0 1 2 3 ];
    });
    expected = true;
  };
  testCamelCase = {
    expr = map lib.toCamelCase [ "" "hello" "HelloWorld" "hello_World-again x" "already-Camel Case" ];
    expected = [ "" "hello" "helloWorld" "helloWorldAgainX" "alreadyCamelCase" ];
  };
  testSplitStringByKeeps = {
    expr = lib.splitStringBy (_: c: lib.elem c lib.upperChars) true "helloWorldX";
    expected = [ "hello" "World" "X" ];
  };
  testSanitize = {
    expr = map lib.strings.sanitizeDerivationName [ "" "..x" "a b" "ok-1.0" (lib.strings.replicate 300 "x") ];
    expected = [ "unknown" "x" "a-b" "ok-1.0" (lib.strings.replicate 207 "x") ];
  };
  testVersions = {
    expr = [
      (lib.versionAtLeast "1.10" "1.9") (lib.versionOlder "1.0-pre" "1.0") (lib.getName "a-b-1.2")
      (lib.getVersion { name = "x-3"; }) (lib.getName { pname = "p"; name = "x-3"; })
    ];
    expected = [ true true "a-b" "3" "p" ];
  };
  testFixedWidthTooLong = {
    expr = throws (lib.fixedWidthString 1 "0" "12");
    expected = true;
  };
  testStorePath = {
    expr = map lib.isStorePath [ withContext "${withContext}/bin" "/tmp" 1 [ ] ];
    expected = [ true false false false false ];
  };
}
