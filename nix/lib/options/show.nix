# How options, files and definitions are written in messages (part of `lib.options`).
{ lib }:
let
  inherit (builtins)
    concatStringsSep
    filter
    isString
    length
    match
    tryEval
    ;
  inherit (lib.generators) toPretty withRecursion;
  inherit (lib.lists) take;
  inherit (lib.strings) concatMapStrings concatMapStringsSep escapeNixIdentifier;

  # A value for a message: not deep, not long, and nothing if it cannot be evaluated.
  abbreviate =
    value:
    let
      pretty = tryEval (
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
      ""
    else if length lines == 1 then
      ": ${pretty.value}"
    else
      ":\n    " + concatStringsSep "\n    " kept;
in
{
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
    Definitions in lines of their own, each with its file and its value abbreviated.

    # Type
    `showDefs :: [Definition] -> String`

    # Example
    lib.options.showDefs [ { file = "a.nix"; value = 1; } ]
    => "\n- In `a.nix': 1"
  */
  showDefs = concatMapStrings (
    definition: "\n- In `${definition.file}'${abbreviate definition.value}"
  );

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
