# Characters and their case. Only ASCII: the language knows bytes, not letters of other alphabets.
{ lib }:
let
  inherit (builtins)
    concatStringsSep
    elem
    genList
    head
    isString
    length
    match
    replaceStrings
    stringLength
    substring
    tail
    typeOf
    ;
  inherit (lib.strings) addContextFrom splitStringBy;
  ascii = import ./ascii.nix;

  demandString =
    function: value:
    lib.trivial.throwIfNot (isString value)
      "${function} does only accepts string values, but got ${typeOf value}";

  letters = {
    /**
      The characters (bytes) of a string.

      # Type
      `stringToCharacters :: String -> [String]`

      # Example
      lib.stringToCharacters "abc"
      => [ "a" "b" "c" ]
    */
    stringToCharacters = string: genList (at: substring at 1 string) (stringLength string);

    /**
      Joins what a function makes of every character.

      # Type
      `stringAsChars :: (String -> String) -> String -> String`

      # Example
      lib.stringAsChars (c: if c == "a" then "i" else c) "nax"
      => "nix"
    */
    stringAsChars =
      function: string: concatStringsSep "" (map function (letters.stringToCharacters string));

    /**
      The code of an ASCII character.

      # Type
      `charToInt :: String -> Int`

      # Example
      lib.strings.charToInt "A"
      => 65
    */
    charToInt = char: ascii.${char};

    /** The lower-case letters, in order. */
    lowerChars = letters.stringToCharacters "abcdefghijklmnopqrstuvwxyz";

    /** The upper-case letters, in order. */
    upperChars = letters.stringToCharacters "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    /**
      A string in lower case.

      # Type
      `toLower :: String -> String`

      # Example
      lib.toLower "HOME"
      => "home"
    */
    toLower = replaceStrings letters.upperChars letters.lowerChars;

    /**
      A string in upper case.

      # Type
      `toUpper :: String -> String`

      # Example
      lib.toUpper "home"
      => "HOME"
    */
    toUpper = replaceStrings letters.lowerChars letters.upperChars;

    /**
      A string with its first character in upper case and the rest in lower case.

      # Type
      `toSentenceCase :: String -> String`

      # Example
      lib.toSentenceCase "hELLO"
      => "Hello"
    */
    toSentenceCase =
      string:
      demandString "toSentenceCase" string (
        addContextFrom string (
          letters.toUpper (substring 0 1 string) + letters.toLower (substring 1 (-1) string)
        )
      );

    /**
      Words joined in camel case: words end at `-`, `_`, a space and before an upper-case letter
      after a lower-case one.

      # Type
      `toCamelCase :: String -> String`

      # Example
      lib.toCamelCase "hello-world of_Nix"
      => "helloWorldOfNix"
    */
    toCamelCase =
      string:
      let
        isSeparator = _: char: elem char [ "-" "_" " " ];
        isHump = before: char: match "[a-z]" before != null && match "[A-Z]" char != null;
        words = builtins.concatMap (splitStringBy isHump true) (splitStringBy isSeparator false string);
        joined = letters.toLower (head words) + lib.strings.concatMapStrings letters.toSentenceCase (tail words);
      in
      demandString "toCamelCase" string (
        if length words == 0 then "" else addContextFrom string joined
      );
  };
in
letters
