# What documentation of options is made from (part of `lib.options`).
{ lib }:
let
  inherit (builtins)
    addErrorContext
    concatMap
    filter
    isAttrs
    isBool
    isList
    isString
    mapAttrs
    removeAttrs
    ;
  inherit (lib.attrsets) collect isDerivation optionalAttrs;
  inherit (lib.options) isOption showOption unknownModule;

  literal =
    function: tag: text:
    if isString text then
      {
        _type = tag;
        inherit text;
      }
    else
      throw "${function} expects a string.";

  # The value to document as default: what the declaration says, or what no definition gives.
  # Submodules are left out: without definitions they may be errors, and they are documented
  # option by option.
  defaultOf =
    option:
    let
      type = option.type or { };
      emptyValue = type.emptyValue or { };
    in
    if option ? defaultText then
      [ option.defaultText ]
    else if option ? default then
      [ option.default ]
    else if emptyValue ? value && type.getSubModules or null == null then
      [ emptyValue.value ]
    else
      [ ];

  docs = {
    /**
      The options of a tree as a list of attribute sets to document them: `loc`, `name`,
      `description`, `declarations`, `internal`, `visible`, `readOnly`, `type` in words, and if there
      are such `example`, `default` and `relatedPackages`. Sub-options of types follow their option.

      # Type
      `optionAttrSetToDocList :: AttrSet -> [AttrSet]`

      # Example
      lib.last (map (o: o.name) (lib.optionAttrSetToDocList (lib.evalModules { modules = [ { options.x = lib.mkOption { description = "X."; }; } ]; }).options))
      => "x"
    */
    optionAttrSetToDocList = docs.optionAttrSetToDocList' [ ];

    /**
      `optionAttrSetToDocList` with a first argument that is not used.

      # Example
      map (o: o.name) (lib.optionAttrSetToDocList' [ ] { x = lib.mkOption { description = "X."; } // { loc = [ "x" ]; declarations = [ ]; declarationPositions = [ ]; type = lib.types.int; }; })
      => [ "x" ]
    */
    optionAttrSetToDocList' = _: tree: concatMap docOption (collect isOption tree);

    /**
      Deprecated: a value in which derivations are replaced by their names.

      # Example
      lib.scrubOptionValue { a = 1; }
      => { a = 1; }
    */
    scrubOptionValue =
      value:
      if isDerivation value then
        {
          type = "derivation";
          inherit (value) name;
          drvPath = value.name;
          outPath = value.name;
        }
      else if isList value then
        map docs.scrubOptionValue value
      else if isAttrs value then
        mapAttrs (_: docs.scrubOptionValue) (removeAttrs value [ "_args" ])
      else
        value;

    /**
      A value for the documentation: text as it is, anything else in the notation of the language.

      # Type
      `renderOptionValue :: a -> { _type :: String; text :: String; }`

      # Example
      (lib.options.renderOptionValue [ ]).text
      => "[ ]"
    */
    renderOptionValue =
      value:
      if value ? _type && value ? text then
        value
      else
        docs.literalExpression (
          lib.generators.toPretty {
            multiline = true;
            allowPrettyValues = true;
          } value
        );

    /**
      Text that the documentation shows as code in place of a default or example.

      # Type
      `literalExpression :: String -> AttrSet`

      # Example
      (lib.literalExpression "pkgs.hello").text
      => "pkgs.hello"
    */
    literalExpression = literal "literalExpression" "literalExpression";

    /**
      Text in another language that the documentation shows as a block of code.

      # Type
      `literalCode :: String -> String -> AttrSet`

      # Example
      (lib.options.literalCode "sh" "ls").text
      => "```sh\nls\n```\n"
    */
    literalCode = language: text: docs.literalMD "```${language}\n${text}\n```\n";

    /**
      Markdown that the documentation shows in place of a default or example.

      # Type
      `literalMD :: String -> AttrSet`

      # Example
      (lib.literalMD "see *there*").text
      => "see *there*"
    */
    literalMD = literal "literalMD" "literalMD";
  };

  docOption =
    option:
    let
      name = showOption option.loc;
      visible = option.visible or true;
      default = defaultOf option;
      kind = if option ? defaultText then "defaultText" else "default value";
      entry = {
        inherit (option) loc;
        inherit name;
        description = option.description or null;
        declarations = filter (file: file != unknownModule) option.declarations;
        internal = option.internal or false;
        visible = if isBool visible then visible else visible == "shallow";
        readOnly = option.readOnly or false;
        type = option.type.description or "unspecified";
      }
      // optionalAttrs (option ? example) {
        example = addErrorContext "while evaluating the example of option `${name}`" (
          docs.renderOptionValue option.example
        );
      }
      // optionalAttrs (default != [ ]) {
        default = addErrorContext "while evaluating the ${kind} of option `${name}`" (
          docs.renderOptionValue (builtins.head default)
        );
      }
      // optionalAttrs (option.relatedPackages or null != null) {
        inherit (option) relatedPackages;
      };
      showsSubOptions = if isBool visible then visible else visible == "transparent";
      subOptions = option.type.getSubOptions option.loc;
    in
    [ entry ]
    ++ (
      if showsSubOptions && subOptions != { } then
        docs.optionAttrSetToDocList' option.loc subOptions
      else
        [ ]
    );
in
docs
