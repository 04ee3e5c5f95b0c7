# Formats of trees of values.
{
  lib,
  pkgs,
  values,
  text,
  ...
}:
let
  inherit (builtins)
    attrNames
    concatStringsSep
    isAttrs
    isBool
    isFloat
    isInt
    isList
    isString
    toJSON
    ;
  inherit (lib.attrsets) filterAttrs mapAttrsToList;
  inherit (lib.strings) concatMapStrings escapeXML;
  inherit (values) isMarked marked tree;

  toml = import ./toml.nix { inherit lib; };
  configobj = import ./configobj.nix { inherit lib; };

  # HCL 1 reads a block as a list of blocks: sets below the top are lists of one set.
  hclBlocks =
    value:
    if isAttrs value && !lib.attrsets.isDerivation value then
      [ (builtins.mapAttrs (_: hclBlocks) value) ]
    else if isList value then
      map hclBlocks value
    else
      value;

  mark = kind: value: {
    _type = kind;
    inherit value;
  };

  # XML in the convention of Badgerfish: `@name` are attributes, `$` and `#text` is text.
  xmlLines =
    indent: name: value:
    let
      attributes = filterAttrs (key: _: lib.strings.hasPrefix "@" key) value;
      children = filterAttrs (
        key: _: !(lib.strings.hasPrefix "@" key) && key != "$" && key != "#text"
      ) value;
      content = value."$" or value."#text" or null;
      scalar = item: if isBool item then lib.trivial.boolToString item else toString item;
      showAttribute = key: item: " ${lib.strings.removePrefix "@" key}=\"${escapeXML (scalar item)}\"";
      open = "${indent}<${name}${lib.strings.concatStrings (mapAttrsToList showAttribute attributes)}>";
      inner = concatMapStrings (key: xmlLines "${indent}  " key children.${key}) (attrNames children);
    in
    if isList value then
      concatMapStrings (xmlLines indent name) value
    else if value == null then
      "${indent}<${name}/>\n"
    else if !isAttrs value then
      "${indent}<${name}>${escapeXML (scalar value)}</${name}>\n"
    else if children == { } then
      "${open}${if content == null then "" else escapeXML (scalar content)}</${name}>\n"
    else
      "${open}${if content == null then "" else escapeXML (scalar content)}\n${inner}${indent}</${name}>\n";

  # libconfig: groups, lists in parentheses, arrays in brackets.
  libconfigValue =
    indent: value:
    let
      deeper = indent + "  ";
      items = open: close: list: "${open}${concatStringsSep ", " (map (libconfigValue deeper) list)}${close}";
    in
    if isMarked "hex" value then
      "0x${value.value}"
    else if isMarked "octal" value then
      "0${value.value}"
    else if isMarked "float" value then
      value.value
    else if isMarked "array" value then
      items "[" "]" value.value
    else if isMarked "list" value then
      items "(" ")" value.value
    else if isList value then
      items "(" ")" value
    else if isAttrs value then
      "{\n${libconfigLines deeper value}${indent}}"
    else if isBool value then
      lib.trivial.boolToString value
    else if isString value then
      toJSON value
    else
      toString value;
  libconfigLines =
    indent:
    lib.trivial.flip lib.pipe [
      (mapAttrsToList (key: value: "${indent}${key} = ${libconfigValue indent value};\n"))
      lib.strings.concatStrings
    ];

  # HOCON: JSON with substitutions, includes and appended values.
  hoconValue =
    value:
    if isMarked "substitution" value then
      "\${${lib.strings.optionalString value.optional "?"}${hoconPath value.value}}"
    else if isMarked "append" value then
      throw "formats.hocon: `mkAppend' can only be the value of an attribute: in a list there is nothing to append to."
    else if isList value then
      "[${concatStringsSep ", " (map hoconValue value)}]"
    else if isAttrs value then
      "{${hoconBody value}}"
    else
      toJSON value;
  # Elements of a path are names or strings in quotes.
  hoconPath =
    path:
    let
      element = "([A-Za-z0-9_ -]+|\"([^\"\\\\]|\\\\.)*\")";
    in
    if builtins.match "${element}(\\.${element})*" path != null then
      path
    else
      throw "formats.hocon: `${path}' is no path to substitute: write names with dots between them, and names with other signs in quotes, as `a.\"b/c\"'.";
  hoconInclude =
    item:
    let
      target = "${if item.type == null then "" else "${item.type}("}${toJSON item.value}${
        if item.type == null then "" else ")"
      }";
    in
    if !isMarked "include" item then
      throw "formats.hocon: `_includes' is a list of what `mkInclude' makes."
    else
      "include ${if item.required then "required(${target})" else target}";
  hoconBody =
    value:
    let
      field =
        key: item:
        if isMarked "append" item then
          "${toJSON key} += ${hoconValue item.value}"
        else
          "${toJSON key} = ${hoconValue item}";
      includes = map hoconInclude (value._includes or [ ]);
    in
    concatStringsSep "\n" (includes ++ mapAttrsToList field (removeAttrs value [ "_includes" ]));
  hoconLib = {
    mkAppend = mark "append";
    mkSubstitution =
      value:
      assert lib.asserts.assertMsg (isString value || value ? value)
        "formats.hocon: `mkSubstitution' takes a path, or `{ value, optional }'.";
      mark "substitution" (value.value or value) // { optional = value.optional or false; };
    mkInclude =
      value:
      let
        given = isAttrs value && !lib.attrsets.isDerivation value;
        type = if given then value.type or null else null;
      in
      assert type == null || lib.asserts.assertOneOf "formats.hocon: `type' of `mkInclude'" type [
        "file"
        "url"
        "classpath"
      ];
      mark "include" (if given then value.value else toString value)
      // {
        inherit type;
        required = given && value.required or false;
      };
    types = {
      hoconInclude = lib.types.listOf (marked "include" "hocon include statement");
      hoconAppend = marked "append" "hocon append";
      hoconSubstitution = marked "substitution" "hocon substitution";
    };
  };

  json = description: _: {
    type = tree { inherit description; };
    generate = name: value: text name (toJSON value + "\n");
  };
in
{
  /** JSON. */
  json = json "JSON value";

  /** YAML, of which JSON is a part. */
  yaml = json "YAML 1.1 value";
  yaml_1_1 = json "YAML 1.1 value";
  yaml_1_2 = json "YAML 1.2 value";

  /** JSON with comments, of which JSON is a part. */
  jsonc = json "JSON value";

  /** HCL 1, which takes JSON; sets below the top are written as the blocks they are. */
  hcl1 =
    args:
    let
      format = json "HCL 1 value" args;
    in
    format
    // {
      generate = name: value: format.generate name (builtins.mapAttrs (_: hclBlocks) value);
    };

  /** Files of Python's ConfigObj. */
  configobj = _: {
    type = tree { description = "ConfigObj value"; };
    generate = name: value: text name (configobj value);
  };

  /** CDN, JSON with more: what JSON can hold. */
  cdn = json "CDN value";

  /** TOML. */
  toml = _: {
    type = tree {
      description = "TOML value";
      nullable = false;
    };
    generate = name: value: text name (toml value);
  };

  /** XML; `format` can only be `badgerfish`, `withHeader` is whether the file begins with `<?xml`. */
  xml =
    {
      format ? "badgerfish",
      withHeader ? true,
    }:
    assert lib.asserts.assertOneOf "formats.xml: format" format [ "badgerfish" ];
    {
      # A document has one root, and each of its names stands for an element.
      type = lib.types.attrsOf (tree { description = "XML value"; }) // {
        description = "XML value";
      };
      generate =
        name: value:
        text name (
          lib.strings.optionalString withHeader "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
          + lib.strings.concatStrings (mapAttrsToList (xmlLines "") value)
        );
    };

  /** Property lists. */
  plist =
    {
      escape ? true,
    }:
    {
      type = tree { description = "Property list (plist) value"; };
      generate = name: value: text name (lib.generators.toPlist { inherit escape; } value);
    };

  /** libconfig; `lib` has `mkHex`, `mkOctal`, `mkFloat` (of strings), `mkArray` and `mkList`. */
  libconfig = _: {
    type =
      lib.types.attrsOf (tree {
        description = "libconfig value";
        nullable = false;
        extra = map (kind: marked kind "libconfig ${kind}") [
          "hex"
          "octal"
          "float"
          "array"
          "list"
        ];
      })
      // {
        description = "attribute set of (libconfig value)";
      };
    lib = {
      mkHex = mark "hex";
      mkOctal = mark "octal";
      mkFloat = mark "float";
      mkArray = mark "array";
      mkList = mark "list";
    };
    generate = name: value: text name (libconfigLines "" value);
  };

  /**
    HOCON; `lib` has `mkInclude`, `mkAppend` and `mkSubstitution`; `_includes` lists includes. What it
    writes is checked while evaluating; a `validator` (a package) is given the file as well, unless
    `doCheck` is false.
  */
  hocon =
    {
      generator ? null,
      validator ? null,
      doCheck ? true,
    }:
    {
      type = tree {
        description = "HOCON value";
        extra = lib.attrsets.attrValues (removeAttrs hoconLib.types [ "hoconInclude" ]) ++ [
          (marked "include" "hocon include statement")
        ];
      };
      lib = hoconLib;
      generate =
        name: value:
        let
          file = text name (hoconBody value + "\n");
        in
        if doCheck && validator != null then
          pkgs.runCommand name { } "${lib.meta.getExe validator} ${file}\ncp ${file} $out\n"
        else
          file;
    };
}
