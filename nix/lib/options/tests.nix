{ lib }:
let
  inherit (lib) mkOption types;
  inherit (lib.evalModules {
    modules = [
      {
        options = {
          a = mkOption { type = types.int; default = 1; description = "A."; };
          sub = mkOption { type = types.attrsOf (types.submodule { options.b = mkOption { type = types.str; example = "x"; }; }); };
          hidden = mkOption { visible = false; };
          internal = mkOption { internal = true; type = types.listOf types.int; };
        };
      }
    ];
  }) options;
  docs = lib.optionAttrSetToDocList options;
  named = name: lib.findFirst (doc: doc.name == name) null docs;
in
{
  testDocNames = {
    expr = map (doc: doc.name) (builtins.filter (doc: !doc.internal) docs);
    expected = [ "_module.args" "a" "hidden" "sub" "sub.<name>.b" ];
  };
  testDocOfOption = {
    expr = removeAttrs (named "a") [ "declarations" ];
    expected = {
      default = { _type = "literalExpression"; text = "1"; };
      description = "A.";
      internal = false;
      loc = [ "a" ];
      name = "a";
      readOnly = false;
      type = "signed integer";
      visible = true;
    };
  };
  testDocOfEmptyValue = {
    expr = (named "internal").default.text;
    expected = "[ ]";
  };
  testDocVisible = {
    expr = (named "hidden").visible;
    expected = false;
  };
  testOptionAsString = {
    expr = "${options.sub}";
    expected = "sub";
  };
  testMkPackageOptionNullable = {
    expr = (lib.mkPackageOption { } "hello" { nullable = true; default = null; }).default;
    expected = null;
  };
  testMergeDefaultRefuses = {
    expr = (builtins.tryEval (lib.mergeDefaultOption [ ] [ { file = "a"; value = 1; } { file = "b"; value = "x"; } ])).success;
    expected = false;
  };
}
