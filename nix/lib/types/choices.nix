# Types that choose between others or narrow one (part of `lib.types`).
{ lib }:
let
  inherit (builtins)
    elem
    elemAt
    filter
    foldl'
    head
    isBool
    isInt
    isString
    length
    tail
    typeOf
    ;
  inherit (lib.options)
    mergeEqualOption
    mergeOneOption
    mergeUniqueOption
    showDefs
    showPlaces
    showOption
    ;
  inherit (lib.strings) concatMapStringsSep;
  inherit (lib.trivial) boolToString;
  inherit (lib.types)
    attrsOf
    bool
    defaultFunctor
    defaultTypeMerge
    float
    int
    listOf
    mkOptionType
    optionDescriptionPhrase
    path
    str
    ;

  redefine = import ../modules/redefine.nix;
  v2 = import ./v2.nix { inherit lib; };

  # What `mkOptionType` has for types that contain no options. Types of which configurations have thousands
  # are made without it, as it would make them.
  noOptions = _: { };
  noSubModules = _: null;

  isNoun = class: class == "noun";
  isSimple = class: class == "noun" || class == "conjunction";
  isAnyPhrase = class: isSimple class || class == "composite";

  showValue =
    value:
    if isString value then
      "\"${value}\""
    else if isInt value then
      toString value
    else if isBool value then
      boolToString value
    else
      "<${typeOf value}>";

  # What happens to definitions that fit neither side: still taken, with a warning.
  neither =
    left: right: loc: definitions:
    let
      headError.message = "The option `${showOption loc}` is neither a value of type `${left.description}` nor `${right.description}`, Definition values: ${showDefs definitions}";
    in
    {
      inherit headError;
      valueMeta = { inherit headError; };
      value = lib.trivial.warn ''
        One or more definitions did not pass the type-check of the 'either' type.
        ${headError.message}
        If `either`, `oneOf` or similar is used in freeformType, ensure that it is preceded by an 'attrsOf' such as: `freeformType = types.attrsOf (types.either t1 t2)`.
        Otherwise use the right type for the option `${showOption loc}`. This will become an error.
      '' (mergeOneOption loc definitions);
    };

  # Values that formats like JSON can hold.
  serializable =
    typeName: isNullable:
    let
      base = choices.oneOf [
        bool
        int
        float
        str
        path
        (attrsOf value)
        (listOf value)
      ];
      value = (if isNullable then choices.nullOr base else base) // {
        description = "${typeName} value";
      };
    in
    value;

  choices = {
    /**
      One of several values; two declarations allow the values of both.

      # Example
      (lib.types.enum [ "a" "b" ]).check "c"
      => false
    */
    enum =
      values:
      let
        count = length values;
        functor = defaultFunctor "enum" // {
          payload = { inherit values; };
          type = payload: choices.enum payload.values;
          binOp = left: right: { values = lib.lists.unique (left.values ++ right.values); };
        };
      in
      {
        _type = "option-type";
        name = "enum";
        description =
          if count == 0 then
            "impossible (empty enum)"
          else if count == 1 then
            "value ${showValue (head values)} (singular enum)"
          else
            "one of ${concatMapStringsSep ", " showValue values}";
        descriptionClass = if count < 2 then "noun" else "conjunction";
        check = value: elem value values;
        merge = mergeEqualOption;
        emptyValue = { };
        getSubOptions = noOptions;
        getSubModules = null;
        substSubModules = noSubModules;
        typeMerge = defaultTypeMerge functor;
        inherit functor;
        deprecationMessage = null;
        nestedTypes = { };
      };

    /**
      A value for a format: `typeName` is its name, `nullable` whether it knows null.

      # Example
      (lib.types.serializableValueWith { typeName = "TOML"; nullable = false; }).check null
      => false
    */
    serializableValueWith =
      {
        typeName,
        nullable ? true,
      }:
      serializable typeName nullable;

    /** A value that JSON can hold. */
    json = serializable "JSON" true;

    /** A value that TOML can hold. */
    toml = serializable "TOML" false;

    /**
      `unique` without explanation.

      # Example
      (lib.types.uniq lib.types.int).check 1
      => true
    */
    uniq = choices.unique { message = ""; };

    /**
      A type of which there can be one definition only; the message says why.

      # Example
      (lib.types.unique { message = "Only one."; } lib.types.int).check "a"
      => false
    */
    unique =
      { message }:
      type:
      mkOptionType {
        name = "unique";
        inherit (type)
          check
          description
          descriptionClass
          emptyValue
          getSubModules
          getSubOptions
          ;
        merge = mergeUniqueOption {
          inherit message;
          inherit (type) merge;
        };
        substSubModules = modules: choices.unique { inherit message; } (type.substSubModules modules);
        functor = v2.elemTypeFunctor "unique" { elemType = type; } // {
          type = payload: choices.unique { inherit message; } payload.elemType;
        };
        nestedTypes.elemType = type;
      };

    /**
      Null or a value of a type; all definitions or none are null.

      # Example
      (lib.types.nullOr lib.types.int).check null
      => true
    */
    nullOr =
      elemType:
      let
        functor = v2.elemTypeFunctor "nullOr" { inherit elemType; } // {
          type = payload: choices.nullOr payload.elemType;
        };
      in
      {
        _type = "option-type";
        name = "nullOr";
        description = "null or ${optionDescriptionPhrase isSimple elemType}";
        descriptionClass = "conjunction";
        check = value: value == null || elemType.check value;
        merge =
          loc: definitions:
          let
            nulls = length (filter (definition: definition.value == null) definitions);
          in
          if nulls == 0 then
            elemType.merge loc definitions
          else if nulls == length definitions then
            null
          else
            throw "The option `${showOption loc}` is defined both null and not null, in ${showPlaces definitions}.";
        emptyValue.value = null;
        inherit (elemType) getSubModules getSubOptions;
        substSubModules = modules: choices.nullOr (elemType.substSubModules modules);
        typeMerge = defaultTypeMerge functor;
        inherit functor;
        deprecationMessage = null;
        nestedTypes = { inherit elemType; };
      };

    /**
      A value of either of two types; the first that all definitions fit merges them.

      # Example
      (lib.types.either lib.types.int lib.types.str).check "a"
      => true
    */
    either =
      left: right:
      let
        functor = v2.elemTypeFunctor "either" {
          elemType = [
            left
            right
          ];
        };
      in
      {
        _type = "option-type";
        name = "either";
        description =
          if left.descriptionClass or null == "nonRestrictiveClause" then
            "${left.description}, or ${optionDescriptionPhrase isSimple right}"
          else
            "${optionDescriptionPhrase isSimple left} or ${optionDescriptionPhrase isAnyPhrase right}";
        descriptionClass = "conjunction";
        check = v2.coherentCheck (value: left.check value || right.check value);
        merge = v2.mergeFromV2 (
          { loc, defs }:
          let
            asLeft = v2.mergeAs left loc defs;
            asRight = v2.mergeAs right loc defs;
          in
          if asLeft.headError == null then
            asLeft
          else if asRight.headError == null then
            asRight
          else
            neither left right loc defs
        );
        typeMerge =
          other:
          let
            mergedLeft = left.typeMerge (elemAt other.payload.elemType 0).functor;
            mergedRight = right.typeMerge (elemAt other.payload.elemType 1).functor;
          in
          if other.name != "either" || mergedLeft == null || mergedRight == null then
            null
          else
            functor.type mergedLeft mergedRight;
        inherit functor;
        emptyValue = { };
        getSubOptions = noOptions;
        getSubModules = null;
        substSubModules = noSubModules;
        deprecationMessage = null;
        nestedTypes = { inherit left right; };
      };

    /**
      A value of any of several types.

      # Example
      (lib.types.oneOf [ lib.types.int lib.types.bool lib.types.str ]).check true
      => true
    */
    oneOf =
      types:
      if types == [ ] then
        throw "types.oneOf needs to get at least one type in its argument"
      else
        foldl' choices.either (head types) (tail types);

    /**
      A value of the last type, or of the first, from which a function makes one of the last.

      # Example
      (lib.mergeDefinitions [ "x" ] (lib.types.coercedTo lib.types.int toString lib.types.str) [ { file = "f"; value = 1; } ]).mergedValue
      => "1"
    */
    coercedTo =
      fromType: coerce: toType:
      let
        check = v2.coherentCheck (
          value: (fromType.check value && toType.check (coerce value)) || toType.check value
        );
        # The older form of merging is not called for what is only checked.
        fits =
          loc: definition:
          if fromType.merge ? v2 then
            (v2.mergeAs fromType loc [ definition ]).headError == null
          else
            fromType.check definition.value;
        convert =
          loc: definition:
          if fits loc definition then redefine definition null (coerce definition.value) else definition;
      in
      assert lib.asserts.assertMsg (fromType.getSubModules == null)
        "coercedTo: coercedType must not have submodules (it’s a ${fromType.description})";
      mkOptionType {
        name = "coercedTo";
        description = "${optionDescriptionPhrase isNoun toType} or ${optionDescriptionPhrase isNoun fromType} convertible to it";
        inherit check;
        merge = v2.mergeFromV2 (
          { loc, defs }:
          let
            converted = map (convert loc) defs;
            merged = v2.mergeAs toType loc converted;
          in
          # What does not fit is shown as it was written.
          if toType.merge ? v2 then merged else merged // { headError = v2.headErrorOf check defs; }
        );
        inherit (toType) emptyValue getSubModules getSubOptions;
        substSubModules = modules: choices.coercedTo fromType coerce (toType.substSubModules modules);
        typeMerge = _: null;
        functor = defaultFunctor "coercedTo";
        nestedTypes = {
          coercedType = fromType;
          finalType = toType;
        };
      };
  };
in
choices
