# Files of Python's ConfigObj: sections in sections, lists, and its rules for quotes.
{ lib }:
let
  inherit (builtins)
    isAttrs
    isBool
    isList
    isString
    match
    stringLength
    substring
    toJSON
    ;
  inherit (lib.attrsets) filterAttrs mapAttrsToList;
  inherit (lib.strings) concatMapStringsSep concatStrings hasInfix;

  bracket = depth: side: lib.strings.replicate depth side;

  # What Python's `str` makes of a value.
  written =
    value:
    if value == null then
      "None"
    else if isBool value then
      if value then "True" else "False"
    else if isString value || builtins.isPath value then
      toString value
    else
      toJSON value;

  # Blanks and quotes at an end, and commas, would be read as something else.
  isPlain =
    text:
    let
      ends = substring 0 1 text + substring (stringLength text - 1) 1 text;
    in
    match ".*[ \r\n\t'\"].*" ends == null && !(hasInfix "," text) && !(hasInfix "#" text);

  # In the one kind of quotes that the text does not have.
  inQuotes =
    text:
    if !(hasInfix "\"" text) then
      "\"${text}\""
    else if !(hasInfix "'" text) then
      "'${text}'"
    else
      throw "formats.configobj: `${text}' stands in a list or is a name, and has both kinds of quotes: ConfigObj can't write it there.";
  inThree =
    text:
    if !(hasInfix "'''" text) then
      "'''${text}'''"
    else if !(hasInfix "\"\"\"" text) then
      "\"\"\"${text}\"\"\""
    else
      throw "formats.configobj: `${text}' has both `'''' and `\"\"\"': ConfigObj can't write it.";

  single =
    text:
    if text == "" then
      "\"\""
    else if hasInfix "\n" text then
      throw "formats.configobj: `${text}' stands in a list or is a name, and has several lines: ConfigObj can't write it there."
    else if isPlain text then
      text
    else
      inQuotes text;

  item =
    value:
    let
      text = written value;
    in
    if value == [ ] then
      ","
    else if isList value && builtins.length value == 1 then
      "${single (written (builtins.head value))},"
    else if isList value then
      concatMapStringsSep ", " (element: single (written element)) value
    else if hasInfix "\n" text || (hasInfix "'" text && hasInfix "\"" text) then
      inThree text
    else
      single text;

  # Values stand before sections, which would take them in.
  section =
    depth: content:
    concatStrings (
      mapAttrsToList (key: value: "${single key} = ${item value}\n") (
        filterAttrs (_: value: !isAttrs value) content
      )
      ++ mapAttrsToList (
        name: inner: "${bracket depth "["}${single name}${bracket depth "]"}\n${section (depth + 1) inner}"
      ) (filterAttrs (_: isAttrs) content)
    );
in
section 1
