# Types of values that are not made of other values (part of `lib.types`).
{ lib }:
let
  inherit (builtins)
    any
    foldl'
    head
    isAttrs
    isBool
    isFloat
    isInt
    toJSON
    typeOf
    ;
  inherit (lib.asserts) assertMsg;
  inherit (lib.attrsets) isDerivation;
  inherit (lib.options)
    mergeEqualOption
    mergeOneOption
    showPlaces
    showOption
    ;
  inherit (lib.strings) isStorePath isStringLike;
  inherit (lib.types) addCheck mkOptionType;

  redefine = import ../modules/redefine.nix;

  noun = attrs: mkOptionType ({ descriptionClass = "noun"; } // attrs);

  # Values that must agree in all definitions.
  equal = name: description: check: noun {
    inherit check description name;
    merge = mergeEqualOption;
  };

  restricted =
    type: name: description: class: condition:
    addCheck type condition // { inherit description name; } // class;
  meaning = {
    descriptionClass = "nonRestrictiveClause";
  };

  bounds = show: lowest: highest: "${show lowest} and ${show highest} (both inclusive)";
  within = lowest: highest: value: lowest <= value && value <= highest;

  # An integer of so many bits, of which there are `size`.
  bits =
    signed: width: size:
    let
      lowest = if signed then 0 - size / 2 else 0;
      highest = lowest + size - 1;
      kind = if signed then "signed" else "unsigned";
    in
    restricted scalars.int "${kind}Int${toString width}"
      "${toString width} bit ${kind} integer; between ${bounds toString lowest highest}"
      { }
      (within lowest highest);

  anythingKind = value: if isAttrs value && isStringLike value then "stringLike" else typeOf value;

  scalars = {
    /** Any value, unchanged; one definition only. */
    raw = noun {
      name = "raw";
      description = "raw value";
      merge = mergeOneOption;
    };

    /** Any value: sets are merged by attribute, functions by result, the rest must be equal. */
    anything = noun {
      name = "anything";
      description = "anything";
      merge =
        loc: definitions:
        let
          kind = anythingKind (head definitions).value;
          mergeResults =
            argument:
            scalars.anything.merge (loc ++ [ "<function body>" ]) (
              map (definition: redefine definition null (definition.value argument)) definitions
            );
        in
        if any (definition: anythingKind definition.value != kind) definitions then
          throw "The option `${showOption loc}' has conflicting option types in ${showPlaces definitions}"
        else if kind == "set" then
          (lib.types.attrsOf scalars.anything).merge loc definitions
        else if kind == "lambda" then
          mergeResults
        # Packages among them.
        else if kind == "stringLike" then
          mergeOneOption loc definitions
        else
          mergeEqualOption loc definitions;
    };

    /** The type of an option without type: merged by what the definitions are. */
    unspecified = noun {
      name = "unspecified";
      description = "unspecified value";
    };

    /** A boolean. */
    bool = equal "bool" "boolean" isBool;

    /** A boolean that is true if any definition is. */
    boolByOr = noun {
      name = "boolByOr";
      description = "boolean (merged using or)";
      check = isBool;
      merge = _: any (definition: definition.value);
    };

    /** An integer. */
    int = equal "int" "signed integer" isInt;

    /** Integers of a range: `unsigned`, `positive`, `between low high`, `u8` … `s32`. */
    ints = {
      /**
        An integer from a lowest to a highest one, both of them included.

        # Type
        `between :: Int -> Int -> OptionType`

        # Example
        map (lib.types.ints.between 1 9).check [ 0 1 9 10 ]
        => [ false true true false ]
      */
      between =
        lowest: highest:
        assert assertMsg (lowest <= highest) "ints.between: lowest must be smaller than highest";
        restricted scalars.int "intBetween" "integer between ${bounds toString lowest highest}" { } (
          within lowest highest
        );
      unsigned = restricted scalars.int "unsignedInt" "unsigned integer, meaning >=0" meaning (n: n >= 0);
      positive = restricted scalars.int "positiveInt" "positive integer, meaning >0" meaning (n: n > 0);
      u8 = bits false 8 256;
      u16 = bits false 16 65536;
      u32 = bits false 32 4294967296;
      s8 = bits true 8 256;
      s16 = bits true 16 65536;
      s32 = bits true 32 4294967296;
    };

    /** The number of a port. */
    port = scalars.ints.u16;

    /** A floating point number. */
    float = equal "float" "floating point number" isFloat;

    /** An integer or a floating point number. */
    number = lib.types.either scalars.int scalars.float;

    /** Numbers of a range: `between low high`, `nonnegative`, `positive`. */
    numbers = {
      /**
        A number from a lowest to a highest one, both of them included.

        # Type
        `between :: Number -> Number -> OptionType`

        # Example
        map (lib.types.numbers.between 0 1.5).check [ 0 1.5 2 ]
        => [ true true false ]
      */
      between =
        lowest: highest:
        assert assertMsg (lowest <= highest) "numbers.between: lowest must be smaller than highest";
        restricted scalars.number "numberBetween"
          "integer or floating point number between ${bounds toJSON lowest highest}"
          { }
          (within lowest highest);
      nonnegative =
        restricted scalars.number "numberNonnegative"
          "nonnegative integer or floating point number, meaning >=0"
          meaning
          (n: n >= 0);
      positive =
        restricted scalars.number "numberPositive"
          "positive integer or floating point number, meaning >0"
          meaning
          (n: n > 0);
    };

    /** Deprecated: an attribute set, later definitions over earlier ones. See `attrsOf`. */
    attrs = mkOptionType {
      name = "attrs";
      description = "attribute set";
      check = isAttrs;
      merge = _: foldl' (merged: definition: merged // definition.value) { };
      emptyValue.value = { };
    };

    /** A set of files, or a path; merged by union. */
    fileset = noun {
      name = "fileset";
      description = "fileset";
      check = lib.fileset.isFileset;
      merge = _: definitions: lib.fileset.unions (lib.options.getValues definitions);
      emptyValue.value = lib.fileset.empty;
    };

    /**
      A package: a derivation, or a path just below the store (also as a string, or what becomes one),
      which is made to look like a derivation.
    */
    package = noun {
      name = "package";
      check = value: isDerivation value || isStorePath value;
      merge =
        loc: definitions:
        let
          value = mergeOneOption loc definitions;
          isBare =
            builtins.isPath value || (builtins.isString value && !builtins.hasContext value);
        in
        if isBare then lib.attrsets.toDerivation value else value;
    };

    /** A package that is a shell people can log in with. */
    shellPackage = scalars.package // {
      check = value: isDerivation value && value ? shellPath;
    };

    /** A set of packages as nixpkgs is one. */
    pkgs =
      restricted
        (lib.types.unique {
          message = "A Nixpkgs pkgs set can not be merged with another pkgs set.";
        } scalars.attrs)
        "pkgs"
        "Nixpkgs package set"
        { descriptionClass = "noun"; }
        (value: value._type or null == "pkgs");

    /** What `mkLuaInline` makes. */
    luaInline = equal "luaInline" "inline lua" (value: value._type or null == "lua-inline");
  };
in
scalars
