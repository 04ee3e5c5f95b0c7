# Declarations of options, ways to merge definitions, and how options are shown and documented.
{ lib }:
let
  inherit (builtins)
    all
    concatLists
    concatStringsSep
    filter
    foldl'
    head
    isAttrs
    isBool
    isInt
    isList
    isString
    length
    tail
    ;
  inherit (lib.attrsets) attrByPath optionalAttrs showAttrPath;
  inherit (lib.lists) last toList;
  inherit (lib.trivial) isFunction;

  # Which function gives a priority.
  givenBy = {
    "10" = "`lib.mkVMOverride'";
    "50" = "`lib.mkForce'";
    "60" = "`lib.mkImageMediaOverride'";
    "100" = "a definition that says nothing of it";
    "1000" = "`lib.mkDefault'";
    "1500" = "a default in a declaration";
  };

  # Does what is usual in the evaluator, where there is such help (see ../modules/default.nix).
  quicker = builtins.firn.modules.mergeEqual or (slow: slow);
  mergeEqual =
    loc: definitions:
    # A single definition is not compared: functions are not even equal to themselves.
    if length definitions == 1 then
      (head definitions).value
    else if definitions == [ ] then
      abort "mergeEqualOption: there is no definition of `${lib.options.showOption loc}'"
    else if all (definition: definition.value == (head definitions).value) (tail definitions) then
      (head definitions).value
    else
      throw "The option `${lib.options.showOption loc}' has conflicting definition values:${lib.options.showDefs definitions}\n${priorityAdvice definitions}";

  # What to do about definitions of one priority, which is in them if it is not the usual.
  priorityAdvice =
    definitions:
    let
      priority = toString ((head definitions).overridePriority or 100);
      origin = if givenBy ? ${priority} then ", that of ${givenBy.${priority}}" else "";
    in
    "These definitions have the same priority (${priority}${origin}). Remove all but one, or use `lib.mkForce value` or `lib.mkDefault value` to change the priority on any of these definitions.\n";

  docs = import ./docs.nix { inherit lib; };
  show = import ./show.nix { inherit lib; };

  options =
    docs
    // show
    // {
      /** The file of a module that came from none. */
      unknownModule = "<unknown-file>";

      /**
        Whether a value is a declaration of an option.

        # Type
        `isOption :: a -> Bool`

        # Example
        lib.isOption (lib.mkOption { })
        => true
      */
      isOption = value: value._type or null == "option";

      /**
        Declares an option.

        `type`: what values it takes. `default`: the value without definitions; `defaultText`: what the
        documentation shows for it. `example`, `description`: for the documentation. `apply`: a function
        of the merged value that gives the value. `internal`: not documented. `visible`: whether it is
        documented (`true`, `false`, `"shallow"`: without its sub-options, `"transparent"`: only these).
        `readOnly`: defined once at most. `relatedPackages`: packages the documentation names.

        # Type
        `mkOption :: { type, default, defaultText, example, description, apply, internal, visible, readOnly, relatedPackages } -> Option`

        # Example
        (lib.mkOption { default = 1; }).default
        => 1
      */
      mkOption =
        {
          default ? null,
          defaultText ? null,
          example ? null,
          description ? null,
          relatedPackages ? null,
          type ? null,
          apply ? null,
          internal ? null,
          visible ? null,
          readOnly ? null,
        }@declaration:
        declaration // { _type = "option"; };

      /**
        Declares a boolean option, off by default, whether to enable something.

        # Type
        `mkEnableOption :: String -> Option`

        # Example
        (lib.mkEnableOption "foo").description
        => "Whether to enable foo."
      */
      mkEnableOption =
        what: {
          _type = "option";
          type = lib.types.bool;
          default = false;
          example = true;
          description = "Whether to enable ${what}.";
        };

      /**
        Declares an option for the package of something. `nullable`: whether it may be `null`;
        `default`: the attribute path in the package set (or `null` for none); `example`: likewise, or
        text; `extraDescription`, `pkgsText`: for the documentation.

        # Type
        `mkPackageOption :: Pkgs -> (String | [String]) -> { nullable, default, example, extraDescription, pkgsText } -> Option`

        # Example
        (lib.mkPackageOption { hello = 1; } "hello" { }).description
        => "The hello package to use."
      */
      mkPackageOption =
        packages: name:
        {
          nullable ? false,
          default ? name,
          example ? null,
          extraDescription ? "",
          pkgsText ? "pkgs",
        }:
        let
          shownName = if isList name then last name else name;
          path = toList default;
          pathText = showAttrPath path;
          inPackages = text: options.literalExpression "${pkgsText}.${text}";
          type = lib.types.package;
        in
        options.mkOption (
          {
            type = if nullable then lib.types.nullOr type else type;
            description =
              "The ${shownName} package to use."
              + (if extraDescription == "" then "" else " ${extraDescription}");
          }
          // (
            if default != null then
              {
                default = attrByPath path (throw "${pathText} cannot be found in ${pkgsText}") packages;
                defaultText = inPackages pathText;
              }
            else
              optionalAttrs nullable { default = null; }
          )
          // optionalAttrs (example != null) {
            example =
              if isList example then inPackages (showAttrPath example) else options.literalExpression example;
          }
        );

      /**
        Declares an option that swallows definitions: for modules used where the option is not
        declared.

        # Type
        `mkSinkUndeclaredOptions :: AttrSet -> Option`

        # Example
        (lib.mkSinkUndeclaredOptions { }).internal
        => true
      */
      mkSinkUndeclaredOptions =
        extra:
        options.mkOption (
          {
            internal = true;
            visible = false;
            default = false;
            description = "Sink for option definitions.";
            type = lib.types.mkOptionType {
              name = "sink";
              check = _: true;
              merge = _: _: false;
            };
            apply = _: throw "Option value is not readable because the option is not declared.";
          }
          // extra
        );

      /**
        Merges definitions by what they are: lists and strings are joined, sets merged, one true
        boolean is enough, integers must be equal, functions are merged in their results.

        # Type
        `mergeDefaultOption :: [String] -> [Definition] -> a`

        # Example
        lib.mergeDefaultOption [ ] [ { file = "a"; value = [ 1 ]; } { file = "b"; value = [ 2 ]; } ]
        => [ 1 2 ]
      */
      mergeDefaultOption =
        loc: definitions:
        let
          values = options.getValues definitions;
          first = head values;
        in
        if length values == 1 then
          first
        else if all isFunction values then
          # The results are merged as if they were definitions, of which only the value counts.
          argument:
          options.mergeDefaultOption loc (
            map (definition: definition // { value = definition.value argument; }) definitions
          )
        else if all isList values then
          concatLists values
        else if all isAttrs values then
          lib.attrsets.mergeAttrsList values
        else if all isBool values then
          builtins.any (value: value) values
        else if all isString values then
          concatStringsSep "" values
        else if all (value: isInt value && value == first) values then
          first
        else
          throw "Cannot merge definitions of `${options.showOption loc}'. Definition values:${options.showDefsInOrder definitions}";

      /**
        Takes the only definition; several are an error.

        # Example
        lib.mergeOneOption [ "x" ] [ { file = "a"; value = 1; } ]
        => 1
      */
      mergeOneOption = options.mergeUniqueOption { message = ""; };

      /**
        Takes the only definition by a merge function; several are an error with the message.

        # Type
        `mergeUniqueOption :: { message :: String; merge ? } -> [String] -> [Definition] -> a`

        # Example
        lib.mergeUniqueOption { message = "One is enough."; } [ "x" ] [ { file = "a"; value = 1; } ]
        => 1
      */
      mergeUniqueOption =
        {
          message,
          merge ? _: definitions: (head definitions).value,
        }:
        loc: definitions:
        if length definitions == 1 then
          merge loc definitions
        else
          assert length definitions > 1;
          throw "The option `${options.showOption loc}' is defined multiple times while it's expected to be unique.\n${message}\nDefinition values:${options.showDefs definitions}\n${priorityAdvice definitions}";

      /**
        Takes the value of definitions that must all be equal.

        # Type
        `mergeEqualOption :: [String] -> [Definition] -> a`

        # Example
        lib.mergeEqualOption [ "x" ] [ { file = "a"; value = 1; } { file = "b"; value = 1; } ]
        => 1
      */
      mergeEqualOption = quicker mergeEqual;

      /**
        The values of definitions.

        # Type
        `getValues :: [Definition] -> [a]`

        # Example
        lib.getValues [ { file = "a"; value = 1; } ]
        => [ 1 ]
      */
      getValues = map (definition: definition.value);

      /**
        The files of definitions.

        # Type
        `getFiles :: [Definition] -> [String]`

        # Example
        lib.getFiles [ { file = "a"; value = 1; } ]
        => [ "a" ]
      */
      getFiles = map (definition: definition.file);
    };
in
options
