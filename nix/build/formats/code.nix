# Configuration files in programming languages.
{
  lib,
  values,
  text,
  ...
}:
let
  inherit (builtins)
    concatStringsSep
    isAttrs
    isBool
    isList
    isString
    toJSON
    ;
  inherit (lib.attrsets) mapAttrsToList;
  inherit (lib.lists) imap0;
  inherit (lib.strings) concatMapStringsSep;
  inherit (values) isMarked marked tree;

  mark = kind: value: {
    _type = kind;
    inherit value;
  };

  # PHP: arrays with and without keys, strings in single quotes.
  phpString = string: "'${lib.strings.escape [ "\\" "'" ] string}'";
  php =
    value:
    let
      pair = key: item: "${phpString key} => ${php item}";
    in
    if isMarked "php-raw" value then
      value.value
    else if isMarked "php-mixed-array" value then
      "[${concatStringsSep ", " (map php value.list ++ mapAttrsToList pair value.set)}]"
    else if value == null then
      "null"
    else if isBool value then
      lib.trivial.boolToString value
    else if isString value || builtins.isPath value then
      phpString (toString value)
    else if isList value then
      "[${concatMapStringsSep ", " php value}]"
    else if isAttrs value then
      "[${concatStringsSep ", " (mapAttrsToList pair value)}]"
    else
      toJSON value;

  # Python: JSON's strings and numbers are Python's too.
  python =
    value:
    if isMarked "python-raw" value then
      value.value
    else if value == null then
      "None"
    else if isBool value then
      if value then "True" else "False"
    else if isList value then
      "[${concatMapStringsSep ", " python value}]"
    else if isAttrs value then
      "{${concatStringsSep ", " (mapAttrsToList (key: item: "${toJSON key}: ${python item}") value)}}"
    else
      toJSON value;

  # Elixir: keyword lists, maps, atoms and tuples; `#{` would be interpolated.
  elixirString = string: builtins.replaceStrings [ "#{" ] [ "\\#{" ] (toJSON string);
  elixirKeyword =
    name: if builtins.match "[a-z_][a-zA-Z0-9_]*[?!]?" name != null then "${name}:" else "${elixirString name}:";
  elixir =
    value:
    let
      keywords = mapAttrsToList (key: item: "${elixirKeyword key} ${elixir item}");
      maps = mapAttrsToList (key: item: "${elixirString key} => ${elixir item}");
    in
    if isMarked "elixir-raw" value || isMarked "elixir-atom" value then
      value.value
    else if isMarked "elixir-tuple" value then
      "{${concatMapStringsSep ", " elixir value.value}}"
    else if isMarked "elixir-map" value then
      "%{${concatStringsSep ", " (maps value.value)}}"
    else if isMarked "elixir-env" value then
      "System.get_env(${elixirString value.envVariable}${
        if value.fallback == null then "" else ", ${elixirString value.fallback}"
      })"
    else if value == null then
      "nil"
    else if isString value then
      elixirString value
    else if isList value then
      "[${concatMapStringsSep ", " elixir value}]"
    else if isAttrs value then
      "[${concatStringsSep ", " (keywords value)}]"
    else
      toJSON value;
  elixirAtom = name: if lib.strings.hasPrefix ":" name then name else ":${name}";
in
{
  /** Lua: `return` of a value, or with `asBindings` assignments. `lib.mkRaw` is an expression. */
  lua =
    {
      asBindings ? false,
      multiline ? true,
      ...
    }:
    let
      value = tree {
        description = "lua value";
        extra = [ lib.types.luaInline ];
      };
    in
    {
      type = if asBindings then lib.types.attrsOf value else value;
      lib.mkRaw = lib.generators.mkLuaInline;
      generate =
        name: content:
        let
          body = lib.generators.toLua { inherit asBindings multiline; } content;
        in
        text name (if asBindings then body else "return ${body}\n");
    };

  /**
    PHP: `return` of an array, or with `finalVariable` an assignment. `lib.mkRaw` is an expression,
    `lib.mkMixedArray list set` an array of both kinds.
  */
  php =
    {
      finalVariable ? null,
    }:
    {
      type = tree {
        description = "PHP value";
        extra = [
          (marked "php-raw" "raw PHP")
          (marked "php-mixed-array" "PHP mixed array")
        ];
      };
      lib = {
        mkRaw = mark "php-raw";
        mkMixedArray = list: set: {
          _type = "php-mixed-array";
          inherit list set;
        };
      };
      generate =
        name: value:
        text name (
          "<?php\ndeclare(strict_types=1);\n"
          + (if finalVariable == null then "return ${php value};\n" else "\$${finalVariable} = ${php value};\n")
        );
    };

  /** Python: assignments. `lib.mkRaw` is an expression; `_imports` lists modules to import. */
  pythonVars = _: {
    type = lib.types.attrsOf (tree {
      description = "Python value";
      extra = [ (marked "python-raw" "raw Python") ];
    });
    lib.mkRaw = mark "python-raw";
    generate =
      name: value:
      let
        importLine = item: "import ${if isMarked "python-raw" item then item.value else item}\n";
        imports = lib.strings.concatMapStrings importLine (value._imports or [ ]);
        assignment = key: item: "${key} = ${python item}\n";
      in
      text name (
        imports
        + lib.strings.concatStrings (mapAttrsToList assignment (removeAttrs value [ "_imports" ]))
      );
  };

  /**
    Elixir's `Config`: settings by application and key. `lib` has `mkRaw`, `mkAtom`, `mkTuple`, `mkMap`
    and `mkGetEnv { envVariable, fallback ? }`.
  */
  elixirConf = _: {
    type = lib.types.attrsOf (
      lib.types.attrsOf (tree {
        description = "Elixir value";
        extra = map (kind: marked "elixir-${kind}" "Elixir ${kind}") [
          "raw"
          "atom"
          "tuple"
          "map"
          "env"
        ];
      })
    );
    lib = {
      mkRaw = mark "elixir-raw";
      mkAtom = mark "elixir-atom";
      mkTuple = mark "elixir-tuple";
      mkMap = mark "elixir-map";
      mkGetEnv =
        {
          envVariable,
          fallback ? null,
        }:
        {
          _type = "elixir-env";
          inherit envVariable fallback;
        };
    };
    generate =
      name: value:
      let
        key = item: if lib.strings.hasPrefix "Elixir." item || builtins.match "[A-Z].*" item != null then item else elixirAtom item;
        line =
          application: setting: item:
          "config ${elixirAtom application}, ${key setting}, ${elixir item}\n";
        ofApplication = application: settings: lib.strings.concatStrings (mapAttrsToList (line application) settings);
      in
      text name ("import Config\n\n" + lib.strings.concatStrings (mapAttrsToList ofApplication value));
  };
}
