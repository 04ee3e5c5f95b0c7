# TOML of an attribute set. https://toml.io/en/v1.0.0
{ lib }:
let
  inherit (builtins)
    attrNames
    concatStringsSep
    filter
    isAttrs
    isBool
    isFloat
    isList
    isString
    match
    toJSON
    ;
  inherit (lib.strings) concatMapStrings;

  isTable = value: isAttrs value && !(lib.strings.isStringLike value);
  isTableArray = value: isList value && value != [ ] && builtins.all isTable value;

  key = name: if match "[A-Za-z0-9_-]+" name != null then name else toJSON name;
  path = lib.strings.concatMapStringsSep "." key;

  # A float is told from an integer by its point.
  float =
    value:
    let
      shown = toJSON value;
    in
    if match "-?[0-9]+" shown != null then "${shown}.0" else shown;

  inline =
    value:
    if value == null then
      throw "formats.toml: TOML has no null; leave the attribute out instead."
    else if isBool value then
      lib.trivial.boolToString value
    else if isFloat value then
      float value
    else if isString value then
      toJSON value
    else if isList value then
      "[${lib.strings.concatMapStringsSep ", " inline value}]"
    else if isTable value then
      "{ ${concatStringsSep ", " (map (name: "${key name} = ${inline value.${name}}") (attrNames value))} }"
    else if builtins.isPath value || isAttrs value then
      toJSON "${value}"
    else
      toString value;

  # Plain values come before tables, which would take what follows them.
  table =
    prefix: value:
    let
      names = filter (name: value.${name} != null || throw "formats.toml: `${path (prefix ++ [ name ])}' is null, which TOML has not; leave it out instead.") (attrNames value);
      plain = filter (name: !(isTable value.${name} || isTableArray value.${name})) names;
      tables = filter (name: isTable value.${name}) names;
      arrays = filter (name: isTableArray value.${name}) names;
      subTable =
        name:
        let
          here = prefix ++ [ name ];
        in
        "\n[${path here}]\n${table here value.${name}}";
      element = here: item: "\n[[${path here}]]\n${table here item}";
    in
    concatMapStrings (name: "${key name} = ${inline value.${name}}\n") plain
    + concatMapStrings subTable tables
    + concatMapStrings (name: concatMapStrings (element (prefix ++ [ name ])) value.${name}) arrays;
in
value: lib.strings.removePrefix "\n" (table [ ] value)
