# How options, files and definitions are written in messages (part of `lib.options`).
{ lib }:
let
  inherit (builtins)
    concatMap
    concatStringsSep
    filter
    isString
    length
    match
    partition
    unsafeGetAttrPos
    ;
  inherit (lib.generators) toPretty withRecursion;
  inherit (lib.lists)
    reverseList
    sortOn
    take
    unique
    ;
  inherit (lib.strings)
    concatMapStrings
    concatMapStringsSep
    escapeNixIdentifier
    hasPrefix
    removePrefix
    ;

  # Evaluates what may be wrong itself.
  attempt = builtins.firn.modules.attempt or builtins.tryEval;

  # A value for a message: not deep, not long, and nothing, or the reason, if it cannot be evaluated.
  abbreviate =
    value:
    let
      pretty = attempt (
        toPretty { } (
          withRecursion {
            depthLimit = 10;
            throwOnDepthLimit = false;
          } value
        )
      );
      lines = filter isString (builtins.split "\n" pretty.value);
      kept = take 5 lines ++ (if length lines > 5 then [ "..." ] else [ ]);
    in
    if !pretty.success then
      if pretty ? error then " (which fails: ${builtins.head (builtins.split "\n" pretty.error)})" else ""
    else if length lines == 1 then
      ": ${pretty.value}"
    else
      ":\n    " + concatStringsSep "\n    " kept;

  # The position of a definition in its file, or null (see ../modules/redefine.nix).
  positionOf =
    definition:
    let
      position = unsafeGetAttrPos "value" definition;
    in
    if position != null && position.file == toString definition.file then position else null;

  # A module that stands in a list has no file of its own; what it defines is somewhere all the same. What the
  # library made is nowhere.
  placeOf =
    definition:
    let
      file = toString definition.file;
      position = unsafeGetAttrPos "value" definition;
      place = "${position.file}:${toString position.line}:${toString position.column}";
    in
    if position == null || hasPrefix library position.file then
      file
    else if file == position.file || file == "<unknown-file>" then
      place
    else if hasPrefix "${position.file}, via option" file then
      place + removePrefix position.file file
    else
      file;

  library = "${toString ../.}/";

  lineOf =
    definition:
    let
      position = positionOf definition;
    in
    if position == null then 0 else position.line;

  # By file: what comes first in the list of modules, for it is what the user wrote; the modules of this
  # distribution last.
  ownFirst =
    definitions:
    let
      fileOf = definition: toString definition.file;
      isOwn = file: !hasPrefix "${toString ../../.}/" file;
      files = partition isOwn (unique (map fileOf (reverseList definitions)));
      ofFile = file: sortOn lineOf (filter (definition: fileOf definition == file) definitions);
    in
    if length definitions < 2 then definitions else concatMap ofFile (files.right ++ files.wrong);

  showInOrder = concatMapStrings (
    definition: "\n- In `${placeOf definition}'${abbreviate definition.value}"
  );
in
{
  /**
    `showDefs` in the order in which definitions are merged.

    # Example
    lib.options.showDefsInOrder [ { file = "a.nix"; value = 1; } ]
    => "\n- In `a.nix': 1"
  */
  showDefsInOrder = showInOrder;

  /**
    Where a definition is: its file, with line and column if these are known.

    # Type
    `placeOf :: Definition -> String`

    # Example
    lib.options.placeOf { file = "a.nix"; value = 1; }
    => "a.nix"
  */
  inherit placeOf;

  /**
    The places of definitions in a sentence.

    # Type
    `showPlaces :: [Definition] -> String`

    # Example
    lib.options.showPlaces [ { file = "a.nix"; value = 1; } ]
    => "`a.nix'"
  */
  showPlaces = definitions: concatMapStringsSep " and " (d: "`${placeOf d}'") (ownFirst definitions);

  /**
    The path of an option as it is written in a module; placeholders like `<name>` and `*` unquoted.

    # Type
    `showOption :: [String] -> String`

    # Example
    lib.showOption [ "foo" "bar baz" "<name>" ]
    => "foo.\"bar baz\".<name>"
  */
  showOption = concatMapStringsSep "." (
    part: if part == "*" || match "<.*>" part != null then part else escapeNixIdentifier part
  );

  /**
    Files in a sentence.

    # Type
    `showFiles :: [String] -> String`

    # Example
    lib.showFiles [ "a" "b" ]
    => "`a' and `b'"
  */
  showFiles = concatMapStringsSep " and " (file: "`${file}'");

  /**
    Definitions in lines of their own, each with its place and its value abbreviated; the user's own
    before those of this distribution.

    # Type
    `showDefs :: [Definition] -> String`

    # Example
    lib.options.showDefs [ { file = "a.nix"; value = 1; } ]
    => "\n- In `a.nix': 1"
  */
  showDefs = definitions: showInOrder (ownFirst definitions);

  /**
    An option with the files that define it.

    # Type
    `showOptionWithDefLocs :: Option -> String`

    # Example
    lib.showOptionWithDefLocs { loc = [ "x" ]; files = [ "a.nix" ]; }
    => "x, with values defined in:\n  - a.nix\n"
  */
  showOptionWithDefLocs = option: ''
    ${lib.options.showOption option.loc}, with values defined in:
    ${concatMapStringsSep "\n" (file: "  - ${file}") option.files}
  '';
}
