# Command lines from attribute sets.
{ lib }:
let
  inherit (builtins)
    concatLists
    concatMap
    isBool
    isList
    stringLength
    ;
  inherit (lib.attrsets) mapAttrsToList;
  inherit (lib.generators) mkValueStringDefault;
  inherit (lib.strings) escapeShellArgs;
  inherit (lib.trivial) oldestSupportedReleaseIsAtLeast warnIf;

  deprecated =
    name: instead:
    warnIf (oldestSupportedReleaseIsAtLeast 2511)
      "lib.cli.${name} is an old way: write lib.cli.${instead} or lib.cli.toCommandLineShellGNU.";

  cli = {
    /**
      Deprecated: `toGNUCommandLine` quoted for the shell.

      # Example
      lib.cli.toGNUCommandLineShell { } { v = true; o = "a b"; }
      => "-o 'a b' -v"
    */
    toGNUCommandLineShell = deprecated "toGNUCommandLineShell" "toCommandLineShell" (
      settings: options: escapeShellArgs (cli.toGNUCommandLine settings options)
    );

    /**
      Deprecated: `toCommandLine` with settings `mkOptionName`, `mkBool`, `mkList`, `mkOption`.

      # Example
      lib.cli.toGNUCommandLine { } { v = true; o = "x"; }
      => [ "-o" "x" "-v" ]
    */
    toGNUCommandLine = deprecated "toGNUCommandLine" "toCommandLine" (
      {
        mkOptionName ? name: if stringLength name == 1 then "-${name}" else "--${name}",
        mkBool ? name: value: lib.lists.optional value (mkOptionName name),
        mkList ? name: concatMap (mkOption name),
        mkOption ?
          name: value:
          let
            argument = mkValueStringDefault { } value;
          in
          if value == null then
            [ ]
          else if optionValueSeparator == null then
            [
              (mkOptionName name)
              argument
            ]
          else
            [ "${mkOptionName name}${optionValueSeparator}${argument}" ],
        optionValueSeparator ? null,
      }:
      options:
      let
        render =
          name: value:
          if isBool value then
            mkBool name value
          else if isList value then
            mkList name value
          else
            mkOption name value;
      in
      concatLists (mapAttrsToList render options)
    );

    /**
      A command line in the style of GNU, quoted for the shell.

      # Type
      `toCommandLineShellGNU :: AttrSet -> AttrSet -> String`

      # Example
      lib.cli.toCommandLineShellGNU { } { v = true; name = "a b"; }
      => "'--name=a b' -v"
    */
    toCommandLineShellGNU =
      settings: options: escapeShellArgs (cli.toCommandLineGNU settings options);

    /**
      A command line in the style of GNU: `--long=value`, `-svalue`. `isLong`: which names are long;
      `explicitBool`: whether booleans are written as values; `formatArg`: how values are.

      # Type
      `toCommandLineGNU :: { isLong ?, explicitBool ?, formatArg ? } -> AttrSet -> [String]`

      # Example
      lib.cli.toCommandLineGNU { } { v = true; url = [ "a" "b" ]; X = "PUT"; off = false; }
      => [ "-XPUT" "--url=a" "--url=b" "-v" ]
    */
    toCommandLineGNU =
      {
        isLong ? name: stringLength name > 1,
        explicitBool ? false,
        formatArg ? mkValueStringDefault { },
      }:
      cli.toCommandLine (
        name:
        let
          long = isLong name;
        in
        {
          option = (if long then "--" else "-") + name;
          sep = if long then "=" else "";
          inherit explicitBool formatArg;
        }
      );

    /**
      `toCommandLine` quoted for the shell.

      # Type
      `toCommandLineShell :: (String -> AttrSet) -> AttrSet -> String`

      # Example
      lib.cli.toCommandLineShell (name: { option = "-${name}"; sep = null; explicitBool = false; }) { o = "a b"; }
      => "-o 'a b'"
    */
    toCommandLineShell = format: options: escapeShellArgs (cli.toCommandLine format options);

    /**
      A command line. A function of each name says how it is written: `{ option, sep, explicitBool,
      formatArg ? }`, with `sep` between option and value, or `null` to make two words of them. Null and
      false are left out, true is the option alone (but for `explicitBool`), a list repeats the option.

      # Type
      `toCommandLine :: (String -> { option, sep, explicitBool, formatArg ? }) -> AttrSet -> [String]`

      # Example
      lib.cli.toCommandLine (name: { option = "-${name}"; sep = null; explicitBool = false; }) { o = "x"; v = true; }
      => [ "-o" "x" "-v" ]
    */
    toCommandLine =
      format: options:
      let
        render =
          {
            option,
            sep,
            explicitBool,
            formatArg ? mkValueStringDefault { },
          }:
          value:
          let
            argument = formatArg value;
          in
          if value == null || (value == false && !explicitBool) then
            [ ]
          else if value == true && !explicitBool then
            [ option ]
          else if sep == null then
            [
              option
              argument
            ]
          else
            [ "${option}${sep}${argument}" ];
        renderAll =
          name: value:
          if name == "" then
            throw "lib.cli.toCommandLine only accepts non-empty option names."
          else if isList value then
            concatMap (render (format name)) value
          else
            render (format name) value;
      in
      concatLists (mapAttrsToList renderAll options);
  };
in
cli
