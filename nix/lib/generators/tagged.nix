# Property lists, Dhall and Lua (part of `lib.generators`).
{ lib }:
let
  inherit (builtins)
    attrNames
    concatMap
    concatStringsSep
    filter
    isAttrs
    isBool
    isFloat
    isInt
    isList
    isPath
    isString
    match
    toJSON
    typeOf
    ;
  inherit (lib.attrsets) isDerivation mapAttrsToList;
  inherit (lib.strings) concatMapStrings escapeXML;
  inherit (lib.trivial) isFunction;

  # Lines of a property list, unindented; nested ones are indented by a tab.
  plistLines =
    escape: value:
    let
      text = if escape then escapeXML else string: string;
      element = tag: content: [ "<${tag}>${content}</${tag}>" ];
      # What stands for nothing is not indented.
    indent = line: if line == "" then "" else "\t" + line;
    nested = inner: map indent (plistLines escape inner);
      block = tag: inner: [ "<${tag}>" ] ++ inner ++ [ "</${tag}>" ];
      entry =
        name:
        if name == "_module" || value.${name} == null then
          [ ]
        else
          map indent (element "key" (text name)) ++ nested value.${name};
    in
    if value == null then
      [ "" ]
    else if isBool value then
      [ (if value then "<true/>" else "<false/>") ]
    else if isInt value then
      element "integer" (toString value)
    else if isString value then
      element "string" (text value)
    else if isList value then
      block "array" (if value == [ ] then [ "" ] else concatMap nested value)
    else if isAttrs value then
      let
        entries = concatMap entry (attrNames value);
      in
      block "dict" (if entries == [ ] then [ "" ] else entries)
    else if isPath value then
      element "string" (text (toString value))
    else if isFloat value then
      element "real" (toString value)
    else
      abort "generators.toPlist: a value of type ${typeOf value} cannot be written";

  tagged = {
    /**
      A property list as Apple's programs read it. `escape`: whether characters with a meaning in XML
      are replaced; leaving it out is deprecated.

      # Type
      `toPlist :: { escape :: Bool ? false; } -> a -> String`

      # Example
      lib.hasInfix "<string>a</string>" (lib.generators.toPlist { escape = true; } "a")
      => true
    */
    toPlist =
      {
        escape ? false,
      }:
      value:
      lib.trivial.warnIf (!escape && lib.trivial.oldestSupportedReleaseIsAtLeast 2505)
        "Using `lib.generators.toPlist` without `escape = true` is deprecated"
        ''
          <?xml version="1.0" encoding="UTF-8"?>
          <!DOCTYPE plist PUBLIC "-//Apple Computer//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
          <plist version="1.0">
          ${concatStringsSep "\n" (plistLines escape value)}
          </plist>'';

    /**
      A Dhall expression.

      # Type
      `toDhall :: { } -> a -> String`

      # Example
      lib.generators.toDhall { } { a = 1; b = [ true ]; }
      => "{ a = +1, b = [ True ] }"
    */
    toDhall =
      { }:
      let
        show =
          value:
          if isAttrs value then
            "{ ${concatStringsSep ", " (mapAttrsToList (name: inner: "${name} = ${show inner}") value)} }"
          else if isList value then
            "[ ${concatStringsSep ", " (map show value)} ]"
          else if isInt value then
            # Without a sign it would be a Natural.
            (if value < 0 then "" else "+") + toString value
          else if isBool value then
            if value then "True" else "False"
          else if isFunction value then
            abort "generators.toDhall: cannot convert a function to Dhall"
          else if value == null then
            abort "generators.toDhall: cannot convert a null to Dhall"
          else
            toJSON value;
      in
      show;

    /**
      A Lua value, or with `asBindings` a line `name = value` of each attribute. `multiline`: tables on
      several lines. `indent`: what lines begin with.

      # Type
      `toLua :: { multiline ? true; indent ? ""; asBindings ? false; } -> a -> String`

      # Example
      lib.generators.toLua { multiline = false; } { a = [ 1 ]; }
      => "{ [\"a\"] = { 1 } }"
    */
    toLua =
      {
        multiline ? true,
        indent ? "",
        asBindings ? false,
      }:
      let
        show =
          indent: value:
          let
            inner = if multiline then "\n${indent}  " else " ";
            outer = if multiline then "\n${indent}" else " ";
            nested = show (indent + "  ");
            table =
              items:
              if items == [ ] then "{}" else "{${inner}${concatStringsSep ",${inner}" items}${outer}}";
          in
          if value == null then
            "nil"
          else if isInt value || isFloat value || isString value || isBool value then
            toJSON value
          else if isPath value || isDerivation value then
            toJSON "${value}"
          else if isList value then
            table (map nested value)
          else if isAttrs value then
            if value._type or null == "lua-inline" then
              "(${value.expr})"
            else
              table (mapAttrsToList (name: item: "[${toJSON name}] = ${nested item}") value)
          else
            abort "generators.toLua: type ${typeOf value} is unsupported";

        # A name, or a path of names, that can stand on the left of an assignment.
        isVariable = name: match "[[:alpha:]_][[:alnum:]_]*(\\.[[:alpha:]_][[:alnum:]_]*)*" name != null;
        bindings =
          attrs:
          let
            bad = filter (name: !isVariable name) (attrNames attrs);
          in
          assert lib.asserts.assertMsg (bad == [ ])
            "Bad Lua var names: ${lib.generators.toPretty { } bad}";
          concatMapStrings (name: "${indent}${name} = ${show indent attrs.${name}}\n") (attrNames attrs);
      in
      if asBindings then bindings else show indent;

    /**
      Text that `toLua` writes as it is, in parentheses.

      # Type
      `mkLuaInline :: String -> AttrSet`

      # Example
      lib.generators.toLua { } (lib.mkLuaInline "x + 1")
      => "(x + 1)"
    */
    mkLuaInline = expr: {
      _type = "lua-inline";
      inherit expr;
    };
  };
in
tagged
