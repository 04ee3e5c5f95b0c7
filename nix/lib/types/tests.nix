{ lib }:
let
  inherit (lib) mkOption types;
  evaluate = type: values: (lib.evalModules {
    modules = [ { options.x = mkOption { inherit type; }; } ] ++ map (x: { inherit x; }) values;
  }).config.x;
  fits = type: value: (builtins.tryEval (builtins.deepSeq (evaluate type [ value ]) true)).success;
  describe = type: type.description;
in
{
  testScalars = {
    expr = map (test: fits test.type test.value) [
      { type = types.int; value = 1; } { type = types.int; value = "1"; }
      { type = types.port; value = 65535; } { type = types.port; value = 65536; }
      { type = types.ints.s8; value = -128; } { type = types.ints.s8; value = 128; }
      { type = types.ints.between 1 3; value = 3; } { type = types.number; value = 1.5; }
      { type = types.nonEmptyStr; value = " "; } { type = types.strMatching "a+"; value = "aa"; }
      { type = types.singleLineStr; value = "a\nb"; } { type = types.path; value = "/x"; } { type = types.path; value = "x"; }
      { type = types.nullOr types.int; value = null; } { type = types.enum [ 1 "a" ]; value = "a"; }
      { type = types.enum [ 1 ]; value = 2; } { type = types.passwdEntry types.str; value = "a:b"; }
    ];
    expected = [ true false true false true false true true false true false true false true true false false ];
  };
  testDescriptions = {
    expr = map describe [
      (types.listOf (types.nullOr types.int)) (types.attrsOf types.str) (types.either types.int (types.listOf types.str))
      (types.oneOf [ types.int types.str types.bool ]) (types.nullOr (types.attrsOf types.int))
      (types.functionTo types.str) (types.enum [ "a" 1 true ]) (types.submodule { freeformType = types.attrsOf types.int; })
    ];
    expected = [
      "list of (null or signed integer)" "attribute set of string" "signed integer or list of string"
      "signed integer or string or boolean" "null or (attribute set of signed integer)"
      "function that evaluates to a(n) string" "one of \"a\", 1, true" "open submodule of attribute set of signed integer"
    ];
  };
  testMerging = {
    expr = [
      (evaluate types.lines [ "b" "a" ]) (evaluate (types.attrsOf types.int) [ { a = 1; } { b = 2; } ])
      (evaluate types.boolByOr [ false true ]) (evaluate types.anything [ { a.b = 1; } { a.c = 2; } ])
      (evaluate (types.coercedTo types.int toString types.str) [ 5 ])
      (evaluate (types.functionTo (types.listOf types.int)) [ (n: [ n ]) (n: [ (n + 1) ]) ] 1)
    ];
    expected = [ "a\nb" { a = 1; b = 2; } true { a = { b = 1; c = 2; }; } "5" [ 2 1 ] ];
  };
  testConditionalAttributes = {
    expr = map (type: builtins.attrNames (evaluate type [ { a = lib.mkIf false 1; b = 2; } ])) [
      (types.attrsOf types.int) (types.lazyAttrsOf types.int)
    ];
    expected = [ [ "b" ] [ "a" "b" ] ];
  };
  testLazyAttrs = {
    expr = (evaluate (types.lazyAttrsOf types.int) [ { a = throw "not needed"; b = 1; } ]).b;
    expected = 1;
  };
  testAttrTag = {
    expr = map (value: fits (types.attrTag { a = mkOption { type = types.int; }; }) value) [ { a = 1; } { a = "x"; } { b = 1; } { } ];
    expected = [ true false false false ];
  };
  testAddCheckOfContainers = {
    expr = map (fits (types.addCheck (types.listOf types.int) (l: l != [ ]))) [ [ 1 ] [ ] [ "a" ] ];
    expected = [ true false false ];
  };
  testMergeTypes = {
    expr = [
      (types.mergeTypes (types.enum [ 1 ]) (types.enum [ 2 ])).description
      (types.mergeTypes types.int types.str)._type
      (types.mergeTypes (types.listOf types.int) (types.listOf types.int)).name
    ];
    expected = [ "one of 1, 2" "merge-error" "listOf" ];
  };
  testDeferredModule = {
    expr = (lib.evalModules { modules = [ (evaluate types.deferredModule [ { options.y = mkOption { default = 1; }; } { y = 2; } ]) ]; }).config.y;
    expected = 2;
  };
  testUnique = {
    expr = map (values: (builtins.tryEval (evaluate (types.uniq types.int) values)).success) [ [ 1 ] [ 1 1 ] ];
    expected = [ true false ];
  };
  testAttrList = {
    expr = evaluate (types.attrListOf types.int) [ [ { a = 1; } (lib.mkBefore { b = 2; }) ] { c = lib.mkOrder 10 3; } ];
    expected = [ { c = 3; } { b = 2; } { a = 1; } ];
  };
  testEmptyValues = {
    expr = map (type: (lib.evalModules { modules = [ { options.x = mkOption { inherit type; }; } ]; }).config.x) [
      (types.listOf types.int) (types.attrsOf types.int) (types.nullOr types.int) types.attrs (types.submodule { })
    ];
    expected = [ [ ] { } null { } { } ];
  };
}
