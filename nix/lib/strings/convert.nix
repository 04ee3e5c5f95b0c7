# Strings to and from numbers, versions, store paths and names of derivations.
{ lib }:
let
  inherit (builtins)
    compareVersions
    elem
    elemAt
    fromJSON
    head
    isInt
    isList
    isPath
    isString
    match
    parseDrvName
    stringLength
    substring
    typeOf
    unsafeDiscardStringContext
    ;
  inherit (lib.strings) concatMapStrings escapeNixString splitString;
  inherit (lib.trivial) max warnIf;

  # The integer a pattern's first group holds; `fail` is thrown for everything else.
  readInt =
    fail: digits:
    let
      number = fromJSON digits;
    in
    # A number beyond 64 bits reads as a float.
    if isInt number then number else throw fail;

  convert = {
    /**
      Whether the first version is older than the second.

      # Type
      `versionOlder :: String -> String -> Bool`

      # Example
      lib.versionOlder "1.1" "1.2"
      => true
    */
    versionOlder = left: right: compareVersions left right < 0;

    /**
      Whether the first version is the second or newer.

      # Type
      `versionAtLeast :: String -> String -> Bool`

      # Example
      lib.versionAtLeast "1.1" "1.0"
      => true
    */
    versionAtLeast = left: right: compareVersions left right >= 0;

    /**
      The name without version of a derivation or of a string like `youtube-dl-2016.01.01`.

      # Type
      `getName :: String | Derivation -> String`

      # Example
      lib.getName "youtube-dl-2016.01.01"
      => "youtube-dl"
    */
    getName =
      value: if isString value then (parseDrvName value).name else value.pname or (convert.getName value.name);

    /**
      The version of a derivation or of a string like `youtube-dl-2016.01.01`.

      # Type
      `getVersion :: String | Derivation -> String`

      # Example
      lib.getVersion "youtube-dl-2016.01.01"
      => "2016.01.01"
    */
    getVersion =
      value:
      if isString value then (parseDrvName value).version else value.version or (convert.getVersion value.name);

    /**
      The name of the file a URL ends in, up to a separator that must occur in it.

      # Type
      `nameFromURL :: String -> String -> String`

      # Example
      lib.nameFromURL "https://example.org/foo-1.0.tar.gz" "-"
      => "foo"
    */
    nameFromURL =
      url: separator:
      let
        file = lib.lists.last (splitString "/" url);
        name = head (splitString separator file);
      in
      assert lib.asserts.assertMsg (name != file) "nameFromURL: `${separator}` does not occur in `${file}`";
      name;

    /**
      A string filled on the left up to a width.

      # Type
      `fixedWidthString :: Int -> String -> String -> String`

      # Example
      lib.fixedWidthString 5 "0" "15"
      => "00015"
    */
    fixedWidthString =
      width: filler: string:
      let
        size = stringLength string;
      in
      assert lib.asserts.assertMsg (size <= width)
        "fixedWidthString: requested string length (${toString width}) must not be shorter than actual length (${toString size})";
      if size == width then
        string
      else
        filler + convert.fixedWidthString (width - stringLength filler) filler string;

    /**
      A number filled with zeros up to a width.

      # Type
      `fixedWidthNumber :: Int -> Int -> String`

      # Example
      lib.fixedWidthNumber 5 15
      => "00015"
    */
    fixedWidthNumber = width: number: convert.fixedWidthString width "0" (toString number);

    /**
      A float as a string, with a warning when that string does not hold all of it.

      # Type
      `floatToString :: Float -> String`

      # Example
      lib.strings.floatToString 0.5
      => "0.500000"
    */
    floatToString =
      float:
      let
        text = toString float;
      in
      warnIf (fromJSON text != float) "Imprecise conversion from float to string ${text}" text;

    /**
      Whether `toString` takes a value.

      # Type
      `isConvertibleWithToString :: a -> Bool`

      # Example
      lib.strings.isConvertibleWithToString [ 1 null ]
      => true
    */
    isConvertibleWithToString =
      value:
      convert.isStringLike value
      || elem (typeOf value) [ "null" "int" "float" "bool" ]
      || (isList value && builtins.all convert.isConvertibleWithToString value);

    /**
      Whether a value can be put into a string by `"${value}"`: a string, a path, or a set with
      `outPath` or `__toString`.

      # Type
      `isStringLike :: a -> Bool`

      # Example
      lib.isStringLike { outPath = "/x"; }
      => true
    */
    isStringLike = value: isString value || isPath value || value ? outPath || value ? __toString;

    /**
      Whether a value is a path just below the store, or something that becomes one as a string.

      # Type
      `isStorePath :: a -> Bool`

      # Example
      lib.isStorePath "/nix/store/x/bin"
      => false
    */
    isStorePath =
      value:
      let
        path = toString value;
      in
      convert.isStringLike value
      && substring 0 1 path == "/"
      && (
        dirOf path == builtins.storeDir
        # What a content-addressed derivation has for an output path before it is built.
        || match "/[0-9a-z]{52}" path != null
      );

    /**
      The integer a string holds. Blanks around it are allowed; zeros before it are not, since they
      could mean base 8.

      # Type
      `toInt :: String -> Int`

      # Example
      lib.toInt " 123 "
      => 123
    */
    toInt =
      string:
      let
        shown = escapeNixString string;
        stripped = match "[[:space:]]*(-?[[:digit:]]+)[[:space:]]*" string;
        digits = head stripped;
        fail = "toInt: Could not convert ${shown} to int.";
      in
      if stripped == null then
        throw fail
      else if match "0[[:digit:]]+" digits != null then
        throw "toInt: Ambiguity in interpretation of ${shown} between octal and zero padded integer."
      else
        readInt fail digits;

    /**
      The integer a string holds in base 10; zeros before it are passed by.

      # Type
      `toIntBase10 :: String -> Int`

      # Example
      lib.toIntBase10 "0008"
      => 8
    */
    toIntBase10 =
      string:
      let
        stripped = match "[[:space:]]*0*(-?[[:digit:]]+)[[:space:]]*" string;
        digits = head stripped;
        fail = "toIntBase10: Could not convert ${escapeNixString string} to int.";
      in
      if stripped == null then
        throw fail
      else if match "0+" digits != null then
        0
      else
        readInt fail digits;

    /**
      A string made fit to be the name of a derivation: what is not allowed becomes `-`, too long a
      name loses its beginning, an empty one becomes `unknown`. Context is dropped.

      # Type
      `sanitizeDerivationName :: String -> String`

      # Example
      lib.strings.sanitizeDerivationName "../hello.bar # foo"
      => "-hello.bar-foo"
    */
    sanitizeDerivationName =
      let
        # A store path's name has at most 211 characters, four of which `.drv` may need.
        maxLength = 207;
        clean =
          raw:
          let
            undotted = head (match "\\.*(.*)" raw);
            parts = builtins.split "[^[:alnum:]+._?=-]+" undotted;
            name = concatMapStrings (part: if isString part then part else "-") parts;
            kept = substring (max 0 (stringLength name - maxLength)) (-1) name;
          in
          if kept == "" then "unknown" else kept;
      in
      string:
      let
        raw = unsafeDiscardStringContext string;
        isFit = stringLength raw <= maxLength && match "[[:alnum:]+_?=-][[:alnum:]+._?=-]*" raw != null;
      in
      if isFit then raw else clean raw;
  };
in
convert
