# Types of options: what values an option takes, and how definitions of it become one value.
#
#   scalars.nix      raw, anything, booleans, numbers, packages, sets of files
#   text.nix         strings and paths
#   containers.nix   lists, attribute sets, functions
#   attr-list.nix    lists of single attributes with an order
#   tagged.nix       attrTag
#   choices.nix      enum, nullOr, either, coercedTo, unique
#   submodule.nix    submodules, deferred modules, options of options
#
# A type's merge function comes in two forms. The older takes the option's path and the definitions
# `{ file, value }` and relies on `check` having been called for each. The newer, `merge.v2`, takes
# both in one set and gives `{ value, valueMeta, headError }`: it checks and merges in one pass, and
# `headError`, if not null, is the message why the definitions don't fit the type.
{ lib }:
let
  inherit (lib.options) mergeDefaultOption;

  part = file: import file { inherit lib; };
  v2 = part ./v2.nix;

  types =
    part ./scalars.nix
    // part ./text.nix
    // part ./containers.nix
    // part ./attr-list.nix
    // part ./tagged.nix
    // part ./choices.nix
    // part ./submodule.nix
    // {
      /**
        Whether a value is tagged with a type name in `_type`.

        # Type
        `isType :: String -> a -> Bool`

        # Example
        lib.isType "option" { _type = "option"; }
        => true
      */
      isType = tag: value: value._type or "" == tag;

      /**
        Tags a set with a type name.

        # Type
        `setType :: String -> AttrSet -> AttrSet`

        # Example
        lib.setType "option" { a = 1; }
        => { _type = "option"; a = 1; }
      */
      setType = tag: value: value // { _type = tag; };

      /**
        Whether a value is a type of options.

        # Type
        `isOptionType :: a -> Bool`

        # Example
        lib.isOptionType lib.types.int
        => true
      */
      isOptionType = types.isType "option-type";

      /**
        Makes a type.

        `name`: for programs; `description`, `descriptionClass`: for people (the class, one of `noun`,
        `conjunction`, `composite`, `nonRestrictiveClause`, says when it needs parentheses). `check`:
        whether a value fits, looking at no more than its outside, for values must stay lazy. `merge`: a
        function of path and definitions. `emptyValue`: `{ value }` without definitions, or `{ }`.
        `getSubOptions`, `getSubModules`, `substSubModules`: options within the value. `functor`,
        `typeMerge`: how two declarations with this type become one. `deprecationMessage`: why not to
        use it. `nestedTypes`: the types it is made of.

        # Type
        `mkOptionType :: AttrSet -> OptionType`

        # Example
        (lib.mkOptionType { name = "even"; check = x: lib.mod x 2 == 0; }).check 4
        => true
      */
      mkOptionType =
        {
          name,
          description ? null,
          descriptionClass ? null,
          check ? _: true,
          merge ? mergeDefaultOption,
          emptyValue ? { },
          getSubOptions ? _: { },
          getSubModules ? null,
          substSubModules ? _: null,
          typeMerge ? types.defaultTypeMerge functor,
          functor ? types.defaultFunctor name,
          deprecationMessage ? null,
          nestedTypes ? { },
        }:
        {
          _type = "option-type";
          description = if description == null then name else description;
          inherit
            check
            deprecationMessage
            descriptionClass
            emptyValue
            functor
            getSubModules
            getSubOptions
            merge
            name
            nestedTypes
            substSubModules
            typeMerge
            ;
        };

      /**
        What `mkOptionType` takes for `functor`: a type with nothing to merge.

        # Type
        `defaultFunctor :: String -> AttrSet`

        # Example
        (lib.types.defaultFunctor "int").name
        => "int"
      */
      defaultFunctor = name: {
        inherit name;
        type = lib.types.${name} or null;
        payload = null;
        binOp = _: _: null;
      };

      /**
        The type two functors make together, or `null`: their names must be equal, and their payloads
        are joined by `binOp`.

        # Type
        `defaultTypeMerge :: Functor -> Functor -> Nullable OptionType`

        # Example
        (lib.types.defaultTypeMerge lib.types.int.functor lib.types.int.functor).name
        => "int"
      */
      defaultTypeMerge =
        left: right:
        let
          payload = left.binOp left.payload right.payload;
        in
        if left.name != right.name then
          null
        else
          assert (left.payload == null) == (right.payload == null);
          if left.payload == null then
            left.type
          else if payload == null then
            null
          else
            left.type payload;

      /**
        A type's description, in parentheses unless its class fits where it is put.

        # Type
        `optionDescriptionPhrase :: (String -> Bool) -> OptionType -> String`

        # Example
        lib.types.optionDescriptionPhrase (class: class == "noun") (lib.types.listOf lib.types.int)
        => "(list of signed integer)"
      */
      optionDescriptionPhrase =
        fits: type:
        if fits (type.descriptionClass or null) then type.description else "(${type.description})";

      /** A module that makes unknown options no error, for evaluations that document options. */
      noCheckForDocsModule = {
        _file = "<built-in module that disables checks for the purpose of documentation generation>";
        config._module.check = lib.modules.mkForce false;
      };

      /**
        A type with a further condition on its values.

        # Type
        `addCheck :: OptionType -> (a -> Bool) -> OptionType`

        # Example
        (lib.types.addCheck lib.types.int (x: x > 5)).check 3
        => false
      */
      addCheck =
        type: condition:
        let
          accepts = value: type.check value && condition value;
          mergeChecked =
            { loc, defs }@args:
            let
              merged = v2.checkV2MergeCoherence loc type (type.merge.v2 args);
            in
            merged
            // {
              headError =
                if merged.headError == null then v2.headErrorOf condition defs else merged.headError;
            };
        in
        type
        // (
          if type.merge ? v2 then
            {
              check = v2.coherentCheck accepts;
              merge = v2.mergeFromV2 mergeChecked;
            }
          else
            { check = accepts; }
        );

      /**
        One type of two, or a set of type `merge-error`.

        # Type
        `mergeTypes :: OptionType -> OptionType -> OptionType | AttrSet`

        # Example
        (lib.types.mergeTypes lib.types.int lib.types.int).name
        => "int"
      */
      mergeTypes =
        left: right:
        assert types.isOptionType left && types.isOptionType right;
        let
          merged = left.typeMerge right.functor;
        in
        if merged == null then types.setType "merge-error" { error = "Cannot merge types"; } else merged;

      # The set itself, as `lib.types.types`.
      inherit types;
    };
in
types
