# A sentence that fits what people most often get wrong about a type, or null: of an option's path, its type, and a
# value that is not of that type.
{ lib }:
let
  inherit (builtins)
    concatStringsSep
    elem
    filter
    isAttrs
    isBool
    isFloat
    isFunction
    isInt
    isList
    isPath
    isString
    stringLength
    ;
  inherit (lib.lists) sortOn take;
  inherit (lib.options) showOption;
  inherit (lib.strings) hasPrefix levenshtein;

  # Types of one value, which has nothing below it: those that are no functions, and all.
  plain = [
    "bool"
    "float"
    "int"
    "package"
    "path"
    "singleLineStr"
    "str"
  ];
  scalars = plain ++ [
    "enum"
    "separatedString"
  ];

  # What of an enumeration is nearest to a misspelt value.
  nearestTo =
    value: choices:
    let
      distance = levenshtein value;
      near = filter (choice: isString choice && distance choice <= 1 + stringLength value / 3) choices;
    in
    take 2 (sortOn distance near);

  advice =
    loc: type: value:
    let
      is = name: type.name == name;
      named = prefix: hasPrefix prefix type.name;
      isText = is "str" || is "singleLineStr" || named "strMatching" || is "separatedString";
      isNumber = named "int" || named "unsigned" || named "signed" || named "positiveInt" || is "float";
      isSet = is "attrsOf" || is "lazyAttrsOf" || is "submodule";
      inner = type.nestedTypes.elemType;
      near = nearestTo value type.functor.payload.values;
      plainly = lib.types.${type.name}.check value;
      names = filter (name: name != "_module" && name != "_freeformOptions") (
        builtins.attrNames (type.getSubOptions [ ])
      );
      parts =
        if !is "submodule" || names == [ ] then
          ""
        else
          " The names are ${concatStringsSep ", " (map (name: "`${name}'") (take 6 names))}${
            if builtins.length names > 6 then ", …" else ""
          }.";
    in
    if value._type or null == "option" && value ? loc then
      "This is what `options' says of an option. Its value is `config.${showOption value.loc}'."
    else if is "listOf" && value != null && !isList value && inner.check value then
      "A list stands in brackets: [ … ]. One value is a list of one."
    else if isFunction value && !is "functionTo" then
      "This is a function: an argument may be missing, or parentheses around a call in a list. `mkIf' takes a condition and a value."
    else if value == null then
      "`null' is not allowed here; leave the definition out instead."
    else if is "nullOr" then
      advice loc inner value
    else if is "bool" && isString value then
      "Write `true' or `false' without quotes."
    else if isText && (isInt value || isFloat value || isBool value) then
      "A string stands in quotes: \"${lib.generators.toPretty { } value}\"."
    else if isText && isPath value then
      "A path is no string: \"\${${toString value}}\" copies the file into the store and is that place, `toString' gives the place where it is."
    else if isText && lib.isDerivation value then
      "A package is no string: \"\${…}\" around it is its path in the store, `lib.getExe' its program."
    else if isText && isList value then
      "One string is expected: `lib.concatStringsSep \"\\n\"' makes one of a list."
    else if is "listOf" && !isList value then
      "A list stands in brackets: [ … ]. One value is a list of one."
    else if isNumber && isString value then
      "Write the number without quotes."
    else if isSet && !isAttrs value then
      "An attribute set stands in braces: { name = …; }.${parts}"
    else if is "attrTag" && isAttrs value then
      "Exactly one attribute of these stands in the set."
    else if is "package" && isString value then
      "A package is named by its attribute: `pkgs.${value}', without quotes."
    else if is "path" && isString value then
      "An absolute path begins with `/'. A file beside the module is written without quotes: ./${value}"
    else if is "enum" && isString value && near != [ ] then
      "Did you mean ${concatStringsSep " or " (map (choice: "\"${choice}\"") near)}?"
    else if elem type.name scalars && isAttrs value && !(value ? _type || value ? outPath) then
      "`${showOption loc}' is one option, which has nothing below it to set."
    else if elem type.name plain && plainly then
      "The value is ${type.description}, but the option's type has a condition of its own (`addCheck'), which it does not meet."
    else
      null;
in
advice
