# Types of lists, attribute sets and functions with values of another type (part of `lib.types`).
{ lib }:
let
  inherit (builtins)
    all
    attrNames
    concatLists
    filter
    isAttrs
    isList
    length
    mapAttrs
    removeAttrs
    ;
  inherit (lib.attrsets) zipAttrsWith;
  inherit (lib.lists) imap1;
  inherit (lib.modules) mergeDefinitions;
  inherit (lib.trivial) functionArgs isFunction;
  inherit (lib.types)
    addCheck
    defaultTypeMerge
    mkOptionType
    optionDescriptionPhrase
    ;

  redefine = import ../modules/redefine.nix;
  v2 = import ./v2.nix { inherit lib; };

  # Elements without properties are merged by the evaluator, where there is such help (see
  # ../modules/default.nix); it gives null for others.
  native = builtins.firn.modules or null;

  ofType = optionDescriptionPhrase (class: class == "noun" || class == "composite");
  metaOf = merged: merged.checkedAndMerged.valueMeta;
  listCheck = v2.coherentCheck isList;
  attrsCheck = v2.coherentCheck isAttrs;

  # Each element of each list merged by itself.
  mergeElements =
    elemType: loc: definitions:
    let
      mergeElement =
        definition: n: m: value:
        mergeDefinitions (loc ++ [ "[definition ${toString n}-entry ${toString m}]" ]) elemType [
          (redefine definition null value)
        ];
    in
    filter (merged: merged.isDefined) (
      concatLists (
        imap1 (n: definition: imap1 (mergeElement definition n) definition.value) definitions
      )
    );

  # The definitions of each attribute merged.
  mergeAttributes =
    elemType: loc: definitions:
    zipAttrsWith (name: mergeDefinitions (loc ++ [ name ]) elemType) (
      map (
        definition: mapAttrs (redefine definition) definition.value
      ) definitions
    );

  dropUndefined =
    merged: removeAttrs merged (filter (name: !merged.${name}.isDefined) (attrNames merged));

  # Types of which configurations have thousands are made without `mkOptionType`, as it would make them.
  attrsWith =
    elemType: lazy: placeholder:
    let
      functor = v2.elemTypeFunctor "attrsWith" { inherit elemType lazy placeholder; } // {
        binOp = joinAttrsWith;
      };
      valueOf =
        if lazy then
          merged: if merged.isDefined then merged.mergedValue else elemType.emptyValue.value or merged.mergedValue
        else
          merged: merged.mergedValue;
    in
    {
      _type = "option-type";
      name = if lazy then "lazyAttrsOf" else "attrsOf";
      description = "${if lazy then "lazy " else ""}attribute set of ${ofType elemType}";
      descriptionClass = "composite";
      check = attrsCheck;
      merge = {
        __functor = v2.mergeByV2;
        v2 =
          { loc, defs }:
          let
            all = mergeAttributes elemType loc defs;
            merged = if lazy then all else dropUndefined all;
            plain =
              if native == null then
                null
              else
                native.mergeAttributes lazy mergeDefinitions elemType loc defs;
          in
          {
            headError = v2.headErrorOf isAttrs defs;
            value = if plain == null then mapAttrs (_: valueOf) merged else plain;
            valueMeta.attrs = mapAttrs (_: metaOf) merged;
          };
        # What the evaluator knows the type by.
        attributesOf = elemType;
        inherit lazy;
      };
      emptyValue.value = { };
      getSubOptions = prefix: elemType.getSubOptions (prefix ++ [ "<${placeholder}>" ]);
      inherit (elemType) getSubModules;
      substSubModules = modules: attrsWith (elemType.substSubModules modules) lazy placeholder;
      typeMerge = defaultTypeMerge functor;
      inherit functor;
      deprecationMessage = null;
      nestedTypes = { inherit elemType; };
    };

  joinAttrsWith =
    left: right:
    let
      elemType = left.elemType.typeMerge right.elemType.functor;
      # `name` is the default and gives way.
      placeholder =
        if right.placeholder == left.placeholder || right.placeholder == "name" then
          left.placeholder
        else if left.placeholder == "name" then
          right.placeholder
        else
          null;
    in
    if left.lazy != right.lazy || elemType == null || placeholder == null then
      null
    else
      {
        inherit elemType placeholder;
        inherit (left) lazy;
      };

  containers = {
    /**
      A list of values of a type; definitions are joined.

      # Example
      (lib.mergeDefinitions [ "x" ] (lib.types.listOf lib.types.int) [ { file = "f"; value = [ 1 ]; } { file = "g"; value = [ 2 ]; } ]).mergedValue
      => [ 1 2 ]
    */
    listOf =
      elemType:
      let
        functor = v2.elemTypeFunctor "listOf" { inherit elemType; } // {
          type = payload: containers.listOf payload.elemType;
        };
      in
      {
        _type = "option-type";
        name = "listOf";
        description = "list of ${ofType elemType}";
        descriptionClass = "composite";
        check = listCheck;
        merge = {
          __functor = v2.mergeByV2;
          v2 =
            { loc, defs }:
            let
              merged = mergeElements elemType loc defs;
              plain = if native == null then null else native.mergeElements mergeDefinitions elemType loc defs;
            in
            {
              headError = v2.headErrorOf isList defs;
              value = if plain == null then map (element: element.mergedValue) merged else plain;
              valueMeta.list = map metaOf merged;
            };
          # What the evaluator knows the type by.
          elementsOf = elemType;
        };
        emptyValue.value = [ ];
        getSubOptions = prefix: elemType.getSubOptions (prefix ++ [ "*" ]);
        inherit (elemType) getSubModules;
        substSubModules = modules: containers.listOf (elemType.substSubModules modules);
        typeMerge = defaultTypeMerge functor;
        inherit functor;
        deprecationMessage = null;
        nestedTypes = { inherit elemType; };
      };

    /**
      A list of at least one value of a type.

      # Example
      (lib.types.nonEmptyListOf lib.types.int).check [ ]
      => false
    */
    nonEmptyListOf =
      elemType:
      let
        list = addCheck (containers.listOf elemType) (value: value != [ ]);
      in
      list
      // {
        description = "non-empty ${optionDescriptionPhrase (class: class == "noun") list}";
        emptyValue = { };
        substSubModules = modules: containers.nonEmptyListOf (elemType.substSubModules modules);
      };

    /**
      An attribute set of values of a type; definitions are merged name by name.

      # Example
      (lib.mergeDefinitions [ "x" ] (lib.types.attrsOf lib.types.int) [ { file = "f"; value.a = 1; } { file = "g"; value.b = 2; } ]).mergedValue
      => { a = 1; b = 2; }
    */
    attrsOf = elemType: attrsWith elemType false "name";

    /**
      `attrsOf` that does not look at the values to know the names: values may depend on other values
      of the set, and a name defined by `mkIf false` only is there, as an error or the empty value.

      # Example
      (lib.mergeDefinitions [ "x" ] (lib.types.lazyAttrsOf lib.types.int) [ { file = "f"; value.a = 1; } ]).mergedValue
      => { a = 1; }
    */
    lazyAttrsOf = elemType: attrsWith elemType true "name";

    /**
      `attrsOf` and `lazyAttrsOf` in full: `placeholder` is the name the documentation shows.

      # Example
      (lib.types.attrsWith { elemType = lib.types.int; placeholder = "user"; }).name
      => "attrsOf"
    */
    attrsWith =
      {
        elemType,
        lazy ? false,
        placeholder ? "name",
      }:
      attrsWith elemType lazy placeholder;

    /**
      Deprecated: `attrsOf`.

      # Example
      (lib.types.loaOf lib.types.int).name
      => "loaOf"
    */
    loaOf =
      elemType:
      containers.attrsOf elemType
      // {
        name = "loaOf";
        deprecationMessage = "A list can no longer be mixed with attribute values; please use `types.attrsOf` instead.";
        nestedTypes = { inherit elemType; };
      };

    /**
      A function to values of a type; definitions are merged in their results.

      # Example
      (lib.mergeDefinitions [ "x" ] (lib.types.functionTo lib.types.int) [ { file = "f"; value = x: x + 1; } ]).mergedValue 1
      => 2
    */
    functionTo =
      elemType:
      mkOptionType {
        name = "functionTo";
        description = "function that evaluates to a(n) ${ofType elemType}";
        descriptionClass = "composite";
        check = isFunction;
        merge = loc: definitions: {
          # An argument can be left out if every definition can do without.
          __functionArgs = zipAttrsWith (_: all (hasDefault: hasDefault)) (
            map (definition: functionArgs definition.value) definitions
          );
          __functor =
            _: argument:
            (mergeDefinitions (loc ++ [ "<function body>" ]) elemType (
              map (definition: redefine definition null (definition.value argument)) definitions
            )).mergedValue;
        };
        getSubOptions = prefix: elemType.getSubOptions (prefix ++ [ "<function body>" ]);
        inherit (elemType) getSubModules;
        substSubModules = modules: containers.functionTo (elemType.substSubModules modules);
        functor = v2.elemTypeFunctor "functionTo" { inherit elemType; } // {
          type = payload: containers.functionTo payload.elemType;
        };
        nestedTypes = { inherit elemType; };
      };
  };
in
containers
