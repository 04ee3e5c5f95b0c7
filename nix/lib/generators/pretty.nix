# Values in the notation of the language (part of `lib.generators`).
{ lib }:
let
  inherit (builtins)
    concatStringsSep
    filter
    isAttrs
    isFloat
    isInt
    isList
    isPath
    isString
    replaceStrings
    ;
  inherit (lib.attrsets) mapAttrsToList;
  inherit (lib.lists) init last;
  inherit (lib.strings) escape escapeNixIdentifier;
  inherit (lib.trivial) functionArgs isFunction;

  showFunction =
    function:
    let
      arguments = functionArgs function;
      show = name: hasDefault: if hasDefault then name + "?" else name;
    in
    if arguments == { } then
      "<function>"
    else
      "<function, args: {${concatStringsSep ", " (mapAttrsToList show arguments)}}>";

  escapeInline = escape [ "\\" "\"" "\${" ];
  escapeIndented = replaceStrings [ "\${" "''" ] [ "''\${" "'''" ];
in
{
  /**
    A value in the notation of the language, for people to read. `allowPrettyValues`: a set with
    `__pretty` and `val` is shown by the former applied to the latter. `multiline`: on several lines.
    `indent`: what lines but the first begin with.

    # Type
    `toPretty :: { allowPrettyValues ? false; multiline ? true; indent ? ""; } -> a -> String`

    # Example
    lib.generators.toPretty { multiline = false; } { a = [ 1 null ]; }
    => "{ a = [ 1 null ]; }"
  */
  toPretty =
    {
      allowPrettyValues ? false,
      multiline ? true,
      indent ? "",
    }:
    let
      showString =
        outer: inner: text:
        let
          lines = filter isString (builtins.split "\n" text);
          indented = map escapeIndented lines;
          end = last indented;
        in
        if multiline && builtins.length lines > 1 then
          # The closing quotes stand alone when the text ends with a line break.
          "''"
          + inner
          + concatStringsSep inner (init indented)
          + (if end == "" then outer else inner + end)
          + "''"
        else
          "\"${concatStringsSep "\\n" (map escapeInline lines)}\"";

      show =
        indent: value:
        let
          outer = if multiline then "\n" + indent else " ";
          inner = if multiline then "\n${indent}  " else " ";
          nested = show (indent + "  ");
          enclose =
            open: close: items:
            if items == [ ] then
              "${open} ${close}"
            else
              open + inner + concatStringsSep inner items + outer + close;
          attribute =
            name: item:
            "${escapeNixIdentifier name} = ${builtins.addErrorContext "while evaluating an attribute `${name}`" (nested item)};";
        in
        if isString value then
          showString outer inner value
        else if isInt value then
          toString value
        else if isFloat value then
          # `toString` keeps six digits only.
          builtins.toJSON value
        else if value == true then
          "true"
        else if value == false then
          "false"
        else if value == null then
          "null"
        else if isPath value then
          toString value
        else if isList value then
          enclose "[" "]" (map nested value)
        else if isFunction value then
          showFunction value
        else if isAttrs value then
          if allowPrettyValues && value ? __pretty && value ? val then
            value.__pretty value.val
          else if value.type or null == "derivation" then
            "<derivation ${value.name or "???"}>"
          else
            enclose "{" "}" (mapAttrsToList attribute value)
        else
          # Values of kinds that other evaluators add.
          "<${builtins.typeOf value}>";
    in
    show indent;
}
