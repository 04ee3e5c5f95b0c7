# Values written in other formats. `pretty.nix` writes them as the language itself does,
# `tagged.nix` in property lists, Dhall and Lua.
{ lib }:
let
  inherit (builtins)
    attrNames
    attrValues
    concatLists
    concatMap
    concatStringsSep
    foldl'
    head
    isAttrs
    isFloat
    isInt
    isList
    isString
    length
    listToAttrs
    mapAttrs
    removeAttrs
    replaceStrings
    tail
    ;
  inherit (lib.attrsets) isDerivation mapAttrsToList recursiveUpdate;
  inherit (lib.strings) escape hasInfix splitString;
  inherit (lib.trivial) isFunction;

  part = file: import file { inherit lib; };

  # What `git config` reads in a section's name: `a.b.c` is section `a`, sub-section `b.c`.
  gitSectionName =
    name:
    let
      parts = splitString "." name;
    in
    if hasInfix "\"" name || length parts == 1 then
      name
    else
      "${head parts} \"${concatStringsSep "." (tail parts)}\"";

  gitValue =
    value:
    let
      quoted = replaceStrings [ "\\" "\"" "\n" "\t" ] [ "\\\\" "\\\"" "\\n" "\\t" ] value;
    in
    if isString value then "\"${quoted}\"" else generators.mkValueStringDefault { } value;

  gitKeyValue =
    key: value:
    let
      line = item: "\t" + generators.mkKeyValueDefault { mkValueString = gitValue; } " = " key item;
    in
    if isList value then lib.strings.concatMapStringsSep "\n" line value else line value;

  isBranch = value: isAttrs value && !isDerivation value;

  # { a.b.c = 5; } as { "a.b".c = 5; }: the sections of a file for git.
  gitSections =
    attrs:
    let
      # Every set on the way that holds values itself, as `{ NAMES = VALUES; }`.
      walk =
        path: set:
        let
          section = concatStringsSep "." path;
          own = builtins.filter (name: !isBranch set.${name}) (attrNames set);
          below = builtins.filter (name: isBranch set.${name}) (attrNames set);
        in
        map (name: { ${section}.${name} = set.${name}; }) own
        ++ concatMap (name: walk (path ++ [ name ]) set.${name}) below;
      isDeep = name: isBranch attrs.${name} && builtins.any isBranch (attrValues attrs.${name});
      deep = builtins.filter isDeep (attrNames attrs);
    in
    foldl' recursiveUpdate (removeAttrs attrs deep) (
      concatMap (name: walk [ name ] attrs.${name}) deep
    );

  generators =
    part ./pretty.nix
    // part ./tagged.nix
    // {
      /**
        A plain value as most configuration files write it. Lists, sets and functions are errors:
        formats differ in them.

        # Type
        `mkValueStringDefault :: { } -> a -> String`

        # Example
        lib.generators.mkValueStringDefault { } true
        => "true"
      */
      mkValueStringDefault =
        { }:
        value:
        let
          refuse =
            what:
            abort "generators.mkValueStringDefault: ${what} not supported: ${generators.toPretty { } value}";
        in
        if isString value then
          value
        else if isInt value then
          toString value
        else if value == true then
          "true"
        else if value == false then
          "false"
        else if value == null then
          "null"
        else if isFloat value then
          lib.strings.floatToString value
        else if isList value then
          refuse "lists"
        else if isDerivation value then
          toString value
        else if isFunction value && !isAttrs value then
          refuse "functions"
        else if isAttrs value then
          refuse "attrsets"
        else
          abort "generators.mkValueStringDefault: this value is not supported: ${toString value}";

      /**
        A line of key, separator and value; the separator is escaped in the key.

        # Type
        `mkKeyValueDefault :: { mkValueString ? } -> String -> String -> a -> String`

        # Example
        lib.generators.mkKeyValueDefault { } ":" "f:oo" "bar"
        => "f\\:oo:bar"
      */
      mkKeyValueDefault =
        {
          mkValueString ? generators.mkValueStringDefault { },
        }:
        separator: key: value:
        escape [ separator ] key + separator + mkValueString value;

      /**
        Lines of keys and values. With `listsAsDuplicateKeys` a list makes a line of each element.

        # Type
        `toKeyValue :: { mkKeyValue ?, listsAsDuplicateKeys ?, indent ? } -> AttrSet -> String`

        # Example
        lib.generators.toKeyValue { } { a = 1; b = true; }
        => "a=1\nb=true\n"
      */
      toKeyValue =
        {
          mkKeyValue ? generators.mkKeyValueDefault { } "=",
          listsAsDuplicateKeys ? false,
          indent ? "",
        }:
        attrs:
        let
          line = key: value: "${indent}${mkKeyValue key value}\n";
          lines =
            key: value:
            if listsAsDuplicateKeys && isList value then map (line key) value else [ (line key value) ];
        in
        concatStringsSep "" (concatLists (mapAttrsToList lines attrs));

      /**
        An INI file of sections.

        # Type
        `toINI :: { mkSectionName ?, mkKeyValue ?, listsAsDuplicateKeys ? } -> { String = AttrSet; } -> String`

        # Example
        lib.generators.toINI { } { foo.x = 1; }
        => "[foo]\nx=1\n"
      */
      toINI =
        {
          mkSectionName ? escape [ "[" "]" ],
          mkKeyValue ? generators.mkKeyValueDefault { } "=",
          listsAsDuplicateKeys ? false,
        }:
        sections:
        let
          lines = generators.toKeyValue { inherit listsAsDuplicateKeys mkKeyValue; };
          section = name: values: "[${mkSectionName name}]\n${lines values}";
        in
        concatStringsSep "\n" (mapAttrsToList section sections);

      /**
        An INI file with lines before the first section.

        # Type
        `toINIWithGlobalSection :: AttrSet -> { globalSection :: AttrSet; sections :: AttrSet ? { }; } -> String`

        # Example
        lib.generators.toINIWithGlobalSection { } { globalSection.a = 1; sections.foo.x = 1; }
        => "a=1\n\n[foo]\nx=1\n"
      */
      toINIWithGlobalSection =
        {
          mkSectionName ? escape [ "[" "]" ],
          mkKeyValue ? generators.mkKeyValueDefault { } "=",
          listsAsDuplicateKeys ? false,
        }:
        {
          globalSection,
          sections ? { },
        }:
        let
          global = generators.toKeyValue { inherit listsAsDuplicateKeys mkKeyValue; } globalSection;
        in
        (if globalSection == { } then "" else global + "\n")
        + generators.toINI { inherit listsAsDuplicateKeys mkKeyValue mkSectionName; } sections;

      /**
        A configuration file for git: nested sets become sub-sections, lists repeated keys.

        # Type
        `toGitINI :: AttrSet -> String`

        # Example
        lib.generators.toGitINI { url."git@github.com:".insteadOf = "https://github.com/"; }
        => "[url \"git@github.com:\"]\n\tinsteadOf = \"https://github.com/\"\n"
      */
      toGitINI =
        attrs:
        generators.toINI {
          mkSectionName = gitSectionName;
          mkKeyValue = gitKeyValue;
        } (gitSections attrs);

      /**
        A line of a dconf file: the value is a GVariant.

        # Example
        lib.generators.mkDconfKeyValue "a" true
        => "a=true"
      */
      mkDconfKeyValue = generators.mkKeyValueDefault {
        mkValueString = value: toString (lib.gvariant.mkValue value);
      } "=";

      /**
        A dconf file.

        # Type
        `toDconfINI :: { String = AttrSet; } -> String`

        # Example
        lib.generators.toDconfINI { "org/gnome" = { on = true; name = "x"; }; }
        => "[org/gnome]\nname='x'\non=true\n"
      */
      toDconfINI = generators.toINI { mkKeyValue = generators.mkDconfKeyValue; };

      /**
        A value that is evaluated down to a depth only: below it there is an error, or
        `"<unevaluated>"`.

        # Type
        `withRecursion :: { depthLimit :: Nullable Int; throwOnDepthLimit :: Bool ? true; } -> a -> a`

        # Example
        lib.generators.withRecursion { depthLimit = 1; throwOnDepthLimit = false; } { a.b = 1; }
        => { a = { b = "<unevaluated>"; }; }
      */
      withRecursion =
        {
          depthLimit,
          throwOnDepthLimit ? true,
        }:
        assert isInt depthLimit;
        let
          # These have a meaning for the language and are called, not shown.
          isSpecial =
            name:
            name == "__functor" || name == "__functionArgs" || name == "__toString" || name == "__pretty";
          tooDeep =
            if throwOnDepthLimit then
              throw "Exceeded maximum eval-depth limit of ${toString depthLimit} while trying to evaluate with `generators.withRecursion'!"
            else
              "<unevaluated>";
          limit = depth: value: if depth > depthLimit then tooDeep else value;
          walk =
            depth: value:
            let
              deeper = inner: walk (depth + 1) (limit (depth + 1) inner);
            in
            if isAttrs value then
              mapAttrs (name: inner: if isSpecial name then inner else deeper inner) value
            else if isList value then
              map deeper value
            else
              limit (depth + 1) value;
        in
        walk 0;

      /**
        `builtins.toJSON` as a generator: takes an empty set first.

        # Example
        lib.generators.toJSON { } { a = 1; }
        => "{\"a\":1}"
      */
      toJSON = { }: builtins.toJSON;

      /**
        YAML by way of JSON, which is a part of it.

        # Example
        lib.generators.toYAML { } { a = 1; }
        => "{\"a\":1}"
      */
      toYAML = { }: builtins.toJSON;
    };
in
generators
