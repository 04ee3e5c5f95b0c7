# More of the module system is tested by the messages in `spec/diagnostics/modules`.
{ lib }:
let
  inherit (lib) mkOption types;
  evaluate = modules: lib.evalModules { inherit modules; };
  config = modules: (evaluate modules).config;
  option = type: { options.x = mkOption { inherit type; }; };
  fails = value: !(builtins.tryEval (builtins.deepSeq value null)).success;
in
{
  testPriorities = {
    expr = (config [ (option types.int) { x = lib.mkDefault 1; } { x = 2; } { x = lib.mkForce 3; } ]).x;
    expected = 3;
  };
  testPriorityIsKnown = {
    expr = map (value: (evaluate [ (option types.int) { x = value; } ]).options.x.highestPrio) [
      1 (lib.mkForce 1) (lib.mkDefault 1)
    ];
    expected = [ 100 50 1000 ];
  };
  testListOrder = {
    expr = (config [
      (option (types.listOf types.int))
      { x = lib.mkAfter [ 9 ]; }
      { x = [ 5 ]; }
      { x = lib.mkBefore [ 1 ]; }
      { x = lib.mkMerge [ [ 6 ] (lib.mkOrder 100 [ 0 ]) ]; }
    ]).x;
    expected = [ 0 1 6 5 9 ];
  };
  testImportsComeBeforeTheirImporter = {
    expr = (config [ (option (types.listOf types.int)) { imports = [ { x = [ 1 ]; } ]; x = [ 2 ]; } ]).x;
    expected = [ 1 2 ];
  };
  testMkIfAroundSet = {
    expr = config [
      { options = { a.b = mkOption { default = 0; }; c = mkOption { default = true; }; }; }
      ({ config, ... }: lib.mkIf config.c { a.b = 1; })
      ({ config, ... }: { a = lib.mkIf (!config.c) { b = 2; }; })
    ];
    expected = { a.b = 1; c = true; };
  };
  testConditionIsNotNeededForNames = {
    expr = (config [ (option types.int) (lib.mkIf (throw "not needed") { _module.args = { }; }) { x = 1; } ]).x;
    expected = 1;
  };
  testMissingArgumentIsLazy = {
    expr = (config [ (option types.int) ({ nobody, ... }: { x = 1; }) ]).x;
    expected = 1;
  };
  testArguments = {
    expr = (lib.evalModules {
      specialArgs.special = 1;
      modules = [ (option types.int) ({ special, late, ... }: { x = special + late; }) { _module.args.late = 2; } ];
    }).config.x;
    expected = 3;
  };
  testDisabledByKey = {
    expr = (config [ (option types.int) { key = "k"; x = 1; } { disabledModules = [ { key = "k"; } ]; x = 2; } ]).x;
    expected = 2;
  };
  testKeyMakesOne = {
    expr = (config [ (option (types.listOf types.int)) { key = "k"; x = [ 1 ]; } { key = "k"; x = [ 1 ]; } ]).x;
    expected = [ 1 ];
  };
  testFreeform = {
    expr = config [ { freeformType = types.attrsOf types.int; options.a = mkOption { default = 1; }; } { b = 2; } ];
    expected = { a = 1; b = 2; };
  };
  testSubmoduleName = {
    expr = (config [
      (option (types.attrsOf (types.submodule ({ name, ... }: { options.n = mkOption { default = name; }; }))))
      { x.a = { }; x.b.n = "c"; }
    ]).x;
    expected = { a.n = "a"; b.n = "c"; };
  };
  testSubmodulesOfTwoDeclarations = {
    expr = (config [
      (option (types.submodule { options.a = mkOption { default = 1; }; }))
      (option (types.submodule { options.b = mkOption { default = 2; }; }))
    ]).x;
    expected = { a = 1; b = 2; };
  };
  testOptionInsideSubmoduleOption = {
    expr = (config [ (option (types.submodule { })) { options.x.a = mkOption { default = 1; }; } ]).x;
    expected = { a = 1; };
  };
  testApplyAndReadOnly = {
    expr = config [
      { options = { a = mkOption { apply = x: x + 1; }; r = mkOption { readOnly = true; }; }; }
      { a = 1; r = 5; }
    ];
    expected = { a = 2; r = 5; };
  };
  testReadOnlyTwice = {
    expr = fails (config [ { options.x = mkOption { readOnly = true; default = 1; }; } { x = 1; } ]);
    expected = true;
  };
  testUnknownIsRefused = {
    expr = map fails [ (config [ { y = 1; } ]) (config [ { _module.check = false; y = 1; } ]) ];
    expected = [ true false ];
  };
  testClass = {
    expr = map (class: fails (lib.evalModules { class = "a"; modules = [ { _class = class; } ]; }).config) [ "a" "b" null ];
    expected = [ false true false ];
  };
  testExtendModules = {
    expr = ((evaluate [ (option types.int) { x = lib.mkDefault 1; } ]).extendModules { modules = [ { x = 2; } ]; }).config.x;
    expected = 2;
  };
  testEvaluationAsType = {
    expr = (config [ { options.y = mkOption { inherit (evaluate [ (option types.int) ]) type; }; } { y.x = 3; } ]).y.x;
    expected = 3;
  };
  testRename = {
    expr = config [
      { options.new = mkOption { type = types.int; }; }
      (lib.mkAliasOptionModule [ "old" ] [ "new" ])
      { old = lib.mkDefault 4; }
    ];
    expected = { new = 4; old = 4; };
  };
  testRenameKeepsFile = {
    expr = (evaluate [
      { options.new = mkOption { type = types.int; }; }
      (lib.mkAliasOptionModule [ "old" ] [ "new" ])
      { _file = "mine.nix"; old = 4; }
    ]).options.new.files;
    expected = [ "mine.nix" ];
  };
  testChanged = {
    expr = (config [
      { options = { new = mkOption { type = types.str; }; warnings = mkOption { default = [ ]; }; }; }
      (lib.mkChangedOptionModule [ "old" ] [ "new" ] (config: toString config.old))
      { old = 4; }
    ]).new;
    expected = "4";
  };
  testRemovedIsAssertion = {
    expr = map (m: m.assertion) (config [
      { options.assertions = mkOption { type = types.listOf types.unspecified; }; config._module.check = false; }
      (lib.mkRemovedOptionModule [ "gone" ] "Do without.")
      { gone = 1; }
    ]).assertions;
    expected = [ false ];
  };
  testDeclarationPosition = {
    expr = builtins.isInt (builtins.head (evaluate [ (option types.int) ]).options.x.declarationPositions).line;
    expected = true;
  };
  testGraph = {
    expr = map (node: { inherit (node) key disabled; n = builtins.length node.imports; }) (evaluate [
      { key = "a"; imports = [ { } ]; } { key = "b"; disabledModules = [ { key = "a"; } ]; }
    ]).graph;
    expected = [ { key = "a"; disabled = true; n = 1; } { key = "b"; disabled = false; n = 0; } ];
  };
  testFallbackGivesWay = {
    expr = (config [
      { _file = import ./fallback.nix; options.x = mkOption { default = "the fallback's"; }; }
      { options.x = mkOption { default = "its own"; }; }
    ]).x;
    expected = "its own";
  };
  testOverlooked = {
    expr = map (definition: definition.prefix) (config [
      ({ config, ... }: {
        options._module.overlook = mkOption { default = path: builtins.head path == "open"; };
        options.told = mkOption { default = config._module.overlooked; };
      })
      { open.door = 1; }
    ]).told;
    expected = [ [ "open" ] ];
  };
}
