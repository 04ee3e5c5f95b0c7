# Configuration files in programming languages.
{
  lib,
  values,
  text,
  ...
}:
let
  # The library where a format has a `lib` of its own.
  lib' = lib;
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
  inherit (values) isMarked tree;

  # A value that the language has no notation for. What marks it is known outside: people write
  # `{ _elixirType = "atom"; value = …; }` into files that are read as JSON.
  markAs = mark: kind: value: {
    ${mark} = kind;
    inherit value;
  };
  isKind = mark: kind: value: value.${mark} or null == kind;
  kindOf =
    mark: kind: description:
    lib.types.mkOptionType {
      name = kind;
      inherit description;
      descriptionClass = "noun";
      check = isKind mark kind;
      merge = lib.options.mergeEqualOption;
    };

  # PHP: arrays with and without keys, strings in single quotes.
  phpString = string: "'${lib.strings.escape [ "\\" "'" ] string}'";
  php =
    value:
    let
      pair = key: item: "${phpString key} => ${php item}";
    in
    if value._phpType or null == "raw" then
      value.value
    else if value._phpType or null == "mixed_array" then
      "[${concatStringsSep ", " (map php value.value.list ++ mapAttrsToList pair value.value.set)}]"
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
    if isMarked "raw" value then
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
    if isElixir "raw" value || isElixir "atom" value then
      value.value
    else if isElixir "tuple" value then
      "{${concatMapStringsSep ", " elixir value.value}}"
    else if isElixir "map" value then
      "%{${concatStringsSep ", " (maps value.value)}}"
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
  isElixir = isKind "_elixirType";
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
          (kindOf "_phpType" "raw" "raw PHP")
          (kindOf "_phpType" "mixed_array" "PHP mixed array")
        ];
      };
      lib = {
        mkRaw = markAs "_phpType" "raw";
        mkMixedArray = list: set: markAs "_phpType" "mixed_array" { inherit list set; };
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
      extra = [ (kindOf "_type" "raw" "raw Python") ];
    });
    lib.mkRaw = markAs "_type" "raw";
    generate =
      name: value:
      let
        importLine = item: "import ${if isMarked "raw" item then item.value else item}\n";
        imports = lib.strings.concatMapStrings importLine (value._imports or [ ]);
        assignment = key: item: "${key} = ${python item}\n";
      in
      text name (
        imports
        + lib.strings.concatStrings (mapAttrsToList assignment (removeAttrs value [ "_imports" ]))
      );
  };

  /**
    Elixir's `Config`: settings by application and key. `lib` has `mkRaw`, `mkAtom`, `mkTuple`, `mkMap`,
    `mkGetEnv { envVariable, fallback ? }`, and `types`, which also take raw Elixir.
  */
  elixirConf = _: {
    type = lib.types.attrsOf (
      lib.types.attrsOf (tree {
        description = "Elixir value";
        extra = map (kind: kindOf "_elixirType" kind "elixir ${kind}") [
          "raw"
          "atom"
          "tuple"
          "map"
        ];
      })
    );
    lib = rec {
      mkRaw = markAs "_elixirType" "raw";
      mkAtom = markAs "_elixirType" "atom";
      mkTuple = markAs "_elixirType" "tuple";
      mkMap = markAs "_elixirType" "map";
      mkGetEnv =
        {
          envVariable,
          fallback ? null,
        }:
        mkRaw "System.get_env(${elixir envVariable}, ${elixir fallback})";
      types =
        let
          rawElixir = kindOf "_elixirType" "raw" "raw elixir";
          elixirOr = other: lib.types.either other rawElixir;
          own = lib.attrsets.genAttrs [ "atom" "tuple" "map" ] (
            kind: elixirOr (kindOf "_elixirType" kind "elixir ${kind}")
          );
        in
        builtins.mapAttrs (_: elixirOr) lib'.types // own // { inherit elixirOr rawElixir; };
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
