{ lib }:
let
  throws = value: !(builtins.tryEval (builtins.deepSeq value null)).success;
in
{
  testFunctionArgsOfFunctor = {
    expr = lib.functionArgs {
      __functor = _: { a, b ? 1 }: a;
    };
    expected = { a = false; b = true; };
  };
  testFunctionArgsOfNestedFunctor = {
    expr = lib.functionArgs { __functor = _: lib.setFunctionArgs (x: x) { a = true; }; };
    expected = { a = true; };
  };
  testIsFunctionOfSet = {
    expr = lib.isFunction { functor = 1; };
    expected = false;
  };
  testPipeIsLazyInItsValue = {
    expr = lib.pipe (throw "not needed") [ (_: 1) ];
    expected = 1;
  };
  testModSign = {
    expr = map (n: lib.mod n 3) [ 4 (-4) ];
    expected = [ 1 (-1) ];
  };
  testToBaseDigitsRefuses = {
    expr = throws (lib.toBaseDigits 10 (-1));
    expected = true;
  };
  testHexRoundTrip = {
    expr = map (n: lib.fromHexString (lib.toHexString n)) [ 0 15 16 255 65536 9223372036854775807 ];
    expected = [ 0 15 16 255 65536 9223372036854775807 ];
  };
  testCheckListOfEnum = {
    expr = throws (lib.checkListOfEnum "x" [ 1 ] [ 2 ] null);
    expected = true;
  };
  testThrowIfKeepsLaziness = {
    expr = builtins.isFunction (lib.throwIf false (throw "not needed"));
    expected = true;
  };
}
