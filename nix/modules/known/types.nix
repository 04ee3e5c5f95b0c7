# Types from their names in the tables: `"bool"`, `[ "listOf", "str" ]`, `[ "enum", [ "a", "b" ] ]`,
# `[ "submodule", LEVEL ]` or `[ "submodule", LEVEL, TYPE ]` with a type for what is not declared.
{ lib, levels }:
let
  inherit (builtins) elemAt isString length;
  inherit (lib) types;
  simple = {
    inherit (types)
      anything
      attrs
      bool
      commas
      float
      int
      lines
      number
      package
      path
      port
      str
      ;
    colons = types.separatedString ":";
    positive = types.ints.positive;
    unsigned = types.ints.unsigned;
    words = types.separatedString " ";
  };
  submodule =
    type:
    types.submodule (
      { options = levels [ ] (elemAt type 1); }
      // lib.optionalAttrs (length type > 2) { freeformType = typeOf (elemAt type 2); }
    );
  composed = {
    attrsOf = type: types.attrsOf (typeOf (elemAt type 1));
    either = type: types.either (typeOf (elemAt type 1)) (typeOf (elemAt type 2));
    enum = type: types.enum (elemAt type 1);
    listOf = type: types.listOf (typeOf (elemAt type 1));
    nullOr = type: types.nullOr (typeOf (elemAt type 1));
    inherit submodule;
  };
  typeOf =
    type: if isString type then simple.${type} else composed.${elemAt type 0} type;
in
typeOf
