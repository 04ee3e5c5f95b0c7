# Formats of trees of values.
{
  lib,
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
    if isMarked "libconfig-hex" value then
      "0x${value.value}"
    else if isMarked "libconfig-octal" value then
      "0${value.value}"
    else if isMarked "libconfig-float" value then
      value.value
    else if isMarked "libconfig-array" value then
      items "[" "]" value.value
    else if isMarked "libconfig-list" value then
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
    if isMarked "hocon-substitution" value then
      "\${${lib.strings.optionalString value.optional "?"}${value.value}}"
    else if isList value then
      "[${concatStringsSep ", " (map hoconValue value)}]"
    else if isAttrs value then
      "{${hoconBody value}}"
    else
      toJSON value;
  hoconBody =
    value:
    let
      include =
        item:
        let
          target = "${if item.type == null then "" else "${item.type}("}${toJSON item.value}${
            if item.type == null then "" else ")"
          }";
        in
        "include ${if item.required then "required(${target})" else target}";
      field =
        key: item:
        if isMarked "hocon-append" item then
          "${toJSON key} += ${hoconValue item.value}"
        else
          "${toJSON key} = ${hoconValue item}";
      includes = map include (value._includes or [ ]);
    in
    concatStringsSep "\n" (includes ++ mapAttrsToList field (removeAttrs value [ "_includes" ]));

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

  /** HCL 1, which takes JSON. */
  hcl1 = json "HCL 1 value";

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
      type = tree { description = "XML value"; };
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
      type = tree { description = "Property list value"; };
      generate = name: value: text name (lib.generators.toPlist { inherit escape; } value);
    };

  /** libconfig; `lib` has `mkHex`, `mkOctal`, `mkFloat` (of strings), `mkArray` and `mkList`. */
  libconfig = _: {
    type =
      lib.types.attrsOf (tree {
        description = "libconfig value";
        nullable = false;
        extra = map (kind: marked "libconfig-${kind}" "libconfig ${kind}") [
          "hex"
          "octal"
          "float"
          "array"
          "list"
        ];
      })
      // {
        description = "libconfig configuration";
      };
    lib = {
      mkHex = mark "libconfig-hex";
      mkOctal = mark "libconfig-octal";
      mkFloat = mark "libconfig-float";
      mkArray = mark "libconfig-array";
      mkList = mark "libconfig-list";
    };
    generate = name: value: text name (libconfigLines "" value);
  };

  /** HOCON; `lib` has `mkInclude`, `mkAppend` and `mkSubstitution`; `_includes` lists includes. */
  hocon = _: {
    type = tree {
      description = "HOCON value";
      extra = [
        (marked "hocon-substitution" "HOCON substitution")
        (marked "hocon-append" "HOCON append")
        (marked "hocon-include" "HOCON include")
      ];
    };
    lib = {
      mkAppend = mark "hocon-append";
      mkSubstitution =
        value:
        mark "hocon-substitution" (value.value or value) // { optional = value.optional or false; };
      mkInclude =
        value:
        mark "hocon-include" (value.value or value)
        // {
          required = value.required or false;
          type = value.type or null;
        };
    };
    generate = name: value: text name (hoconBody value + "\n");
  };
}
