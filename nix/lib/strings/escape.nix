# Quoting for the shell, for the Nix language, for regular expressions, URLs and XML.
{ lib }:
let
  inherit (builtins)
    attrNames
    attrValues
    concatStringsSep
    elem
    isAttrs
    isList
    match
    replaceStrings
    toJSON
    ;
  inherit (lib.strings)
    charToInt
    concatMapStringsSep
    fixedWidthString
    isStringLike
    stringToCharacters
    toLower
    ;

  hexByte = number: fixedWidthString 2 "0" (lib.trivial.toHexString number);

  keywords = [
    "assert"
    "else"
    "if"
    "in"
    "inherit"
    "let"
    "or"
    "rec"
    "then"
    "with"
  ];

  escape = {
    /**
      Puts a backslash before each of the given strings.

      # Type
      `escape :: [String] -> String -> String`

      # Example
      lib.escape [ "(" ")" ] "(foo)"
      => "\\(foo\\)"
    */
    escape = targets: replaceStrings targets (map (target: "\\" + target) targets);

    /**
      Replaces each of the given characters by the escape `\xNN` of C.

      # Type
      `escapeC :: [String] -> String -> String`

      # Example
      lib.strings.escapeC [ " " ] "foo bar"
      => "foo\\x20bar"
    */
    escapeC =
      targets:
      let
        code = char: "\\x" + toLower (hexByte (charToInt char));
      in
      replaceStrings targets (map code targets);

    /**
      Replaces every character that may not stand for itself in a URL by `%NN`.

      # Type
      `escapeURL :: String -> String`

      # Example
      lib.escapeURL "foo/bar baz"
      => "foo%2Fbar%20baz"
    */
    escapeURL =
      let
        unreserved = stringToCharacters "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
        reserved = removeAttrs (import ./ascii.nix) unreserved;
      in
      replaceStrings (attrNames reserved) (map (code: "%" + hexByte code) (attrValues reserved));

    /**
      Quotes a value, made a string, as one word of the shell, if it needs that.

      # Type
      `escapeShellArg :: a -> String`

      # Example
      lib.escapeShellArg "esc'ape me"
      => "'esc'\\''ape me'"
    */
    escapeShellArg =
      value:
      let
        word = toString value;
        quoted = replaceStrings [ "'" ] [ "'\\''" ] word;
      in
      if match "[[:alnum:],._+:@%/-]+" word != null then word else "'${quoted}'";

    /**
      Quotes every value of a list as a word of the shell.

      # Type
      `escapeShellArgs :: [a] -> String`

      # Example
      lib.escapeShellArgs [ "one" "two three" ]
      => "one 'two three'"
    */
    escapeShellArgs = concatMapStringsSep " " escape.escapeShellArg;

    /**
      Whether a string can be the name of a variable of the shell.

      # Type
      `isValidPosixName :: String -> Bool`

      # Example
      lib.isValidPosixName "_HOME1"
      => true
    */
    isValidPosixName = name: match "[a-zA-Z_][a-zA-Z0-9_]*" name != null;

    /**
      The assignment of a variable of the shell: an array for a list, an associative array for a set,
      else a string.

      # Type
      `toShellVar :: String -> (String | [String] | AttrSet) -> String`

      # Example
      lib.toShellVar "list" [ "a" "b c" ]
      => "declare -a list=(a 'b c')"
    */
    toShellVar =
      name: value:
      let
        entry = key: item: "[${escape.escapeShellArg key}]=${escape.escapeShellArg item}";
        entries = concatStringsSep " " (lib.attrsets.mapAttrsToList entry value);
        assignment =
          if isList value then
            "declare -a ${name}=(${escape.escapeShellArgs value})"
          else if isAttrs value && !isStringLike value then
            "declare -A ${name}=(${entries})"
          else
            "${name}=${escape.escapeShellArg value}";
      in
      lib.trivial.throwIfNot (escape.isValidPosixName name)
        "toShellVar: ${name} is not a valid shell variable name"
        assignment;

    /**
      The assignments of several variables of the shell, one a line.

      # Type
      `toShellVars :: AttrSet -> String`

      # Example
      lib.toShellVars { foo = 1; bar = [ "x" ]; }
      => "declare -a bar=(x)\nfoo=1"
    */
    toShellVars = variables: concatStringsSep "\n" (lib.attrsets.mapAttrsToList escape.toShellVar variables);

    /**
      A string as a literal of the Nix language.

      # Type
      `escapeNixString :: String -> String`

      # Example
      lib.strings.escapeNixString "hello\${}\n"
      => "\"hello\\\${}\\n\""
    */
    escapeNixString = string: replaceStrings [ "$" ] [ "\\$" ] (toJSON string);

    /**
      A string that, as a regular expression, matches just itself.

      # Type
      `escapeRegex :: String -> String`

      # Example
      lib.escapeRegex "[^a-z]*"
      => "\\[\\^a-z]\\*"
    */
    escapeRegex = escape.escape (stringToCharacters "\\[{()^$?*+|.");

    /**
      The name of an attribute as it is written in the Nix language: quoted if it must be.

      # Type
      `escapeNixIdentifier :: String -> String`

      # Example
      lib.strings.escapeNixIdentifier "0foo"
      => "\"0foo\""
    */
    escapeNixIdentifier =
      name:
      if match "[a-zA-Z_][a-zA-Z0-9_'-]*" name == null || elem name keywords then
        escape.escapeNixString name
      else
        name;

    /**
      Replaces the characters with a meaning in XML.

      # Type
      `escapeXML :: String -> String`

      # Example
      lib.escapeXML "\"a\" < 'b'"
      => "&quot;a&quot; &lt; &apos;b&apos;"
    */
    escapeXML =
      replaceStrings
        [ "&" "<" ">" "\"" "'" ]
        [ "&amp;" "&lt;" "&gt;" "&quot;" "&apos;" ];
  };
in
escape
