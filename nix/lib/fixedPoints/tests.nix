{ lib }:
let
  add = final: prev: { sum = prev.sum or 0 + final.step; };
in
{
  testOverlaysApplyInOrder = {
    expr = (lib.fix (lib.extends (lib.composeManyExtensions [ add add ]) (_: { step = 2; }))).sum;
    expected = 4;
  };
  testExtendTwice = {
    expr =
      let
        set = lib.makeExtensible (_: { step = 1; });
      in
      ((set.extend add).extend (_: _: { step = 5; })).sum;
    expected = 5;
  };
  testExtendsIsLazyInOverlay = {
    expr = (lib.fix (lib.extends (_: _: { bad = throw "not needed"; }) (_: { good = 1; }))).good;
    expected = 1;
  };
  testUnfix = {
    expr = (lib.fix' (_: { a = 1; })).__unfix__ { };
    expected = { a = 1; };
  };
  testToExtension = {
    expr = map (change: lib.toExtension change { f = 1; } { p = 2; }) [
      { a = 0; }
      (prev: { a = prev.p; })
      (final: prev: { a = final.f + prev.p; })
    ];
    expected = [ { a = 0; } { a = 2; } { a = 3; } ];
  };
}
