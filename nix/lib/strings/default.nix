# Strings: joining, searching, cutting. Its parts: `escape.nix` (quoting for other languages and
# shells), `letters.nix` (characters and case), `convert.nix` (to and from numbers and names),
# `distance.nix` (how similar two strings are), `flags.nix` (flags of build tools).
{ lib }:
let
  inherit (builtins)
    attrValues
    concatStringsSep
    filter
    genList
    head
    isPath
    isString
    length
    mapAttrs
    match
    replaceStrings
    stringLength
    substring
    ;
  inherit (lib.lists) imap1;
  inherit (lib.trivial) warnIf;

  # Functions of strings that are given a path would copy it to the store: people are told.
  warnOfPath =
    function: value: advice:
    warnIf (isPath value) "lib.strings.${function}: The argument (${toString value}) is a path value, but only strings are supported. The path was copied to the store, which is hardly meant; this will become an error.${advice}";

  strings =
    import ./escape.nix { inherit lib; }
    // import ./letters.nix { inherit lib; }
    // import ./convert.nix { inherit lib; }
    // import ./distance.nix { inherit lib; }
    // import ./flags.nix { inherit lib; }
    // {
      inherit (builtins)
        appendContext
        compareVersions
        concatMap
        concatStringsSep
        elem
        elemAt
        filter
        fromJSON
        genList
        head
        isAttrs
        isInt
        isList
        isPath
        isString
        match
        parseDrvName
        readFile
        replaceStrings
        split
        storeDir
        stringLength
        substring
        tail
        toJSON
        typeOf
        unsafeDiscardStringContext
        ;

      /**
        Joins strings with a separator.

        # Type
        `join :: String -> [String] -> String`

        # Example
        lib.join ", " [ "foo" "bar" ]
        => "foo, bar"
      */
      join = concatStringsSep;

      /**
        Joins strings.

        # Type
        `concatStrings :: [String] -> String`

        # Example
        lib.concatStrings [ "foo" "bar" ]
        => "foobar"
      */
      concatStrings = concatStringsSep "";

      /**
        Joins the strings a function makes of the elements of a list.

        # Type
        `concatMapStrings :: (a -> String) -> [a] -> String`

        # Example
        lib.concatMapStrings (x: "a" + x) [ "foo" "bar" ]
        => "afooabar"
      */
      concatMapStrings = function: list: concatStringsSep "" (map function list);

      /**
        `concatMapStrings` with the index, counted from 1.

        # Type
        `concatImapStrings :: (Int -> a -> String) -> [a] -> String`

        # Example
        lib.concatImapStrings (at: x: "${toString at}-${x}") [ "foo" "bar" ]
        => "1-foo2-bar"
      */
      concatImapStrings = function: list: concatStringsSep "" (imap1 function list);

      /**
        Puts a separator between the elements of a list.

        # Type
        `intersperse :: a -> [a] -> [a]`

        # Example
        lib.intersperse "/" [ "usr" "local" ]
        => [ "usr" "/" "local" ]
      */
      intersperse =
        separator: list:
        builtins.concatLists (
          imap1 (at: element: if at == 1 then [ element ] else [ separator element ]) list
        );

      /**
        Joins with a separator the strings a function makes of the elements of a list.

        # Type
        `concatMapStringsSep :: String -> (a -> String) -> [a] -> String`

        # Example
        lib.concatMapStringsSep "-" lib.toUpper [ "foo" "bar" ]
        => "FOO-BAR"
      */
      concatMapStringsSep =
        separator: function: list:
        concatStringsSep separator (map function list);

      /**
        `concatMapStringsSep` with the index, counted from 1.

        # Type
        `concatImapStringsSep :: String -> (Int -> a -> String) -> [a] -> String`

        # Example
        lib.concatImapStringsSep "-" (at: x: toString (x / at)) [ 6 6 6 ]
        => "6-3-2"
      */
      concatImapStringsSep =
        separator: function: list:
        concatStringsSep separator (imap1 function list);

      /**
        Joins with a separator the strings a function makes of names and values of a set.

        # Type
        `concatMapAttrsStringSep :: String -> (String -> a -> String) -> AttrSet -> String`

        # Example
        lib.concatMapAttrsStringSep "," (name: value: "${name}=${value}") { a = "1"; b = "2"; }
        => "a=1,b=2"
      */
      concatMapAttrsStringSep =
        separator: function: set:
        concatStringsSep separator (attrValues (mapAttrs function set));

      /**
        Every string of a list followed by a line break.

        # Type
        `concatLines :: [String] -> String`

        # Example
        lib.concatLines [ "foo" "bar" ]
        => "foo\nbar\n"
      */
      concatLines = strings.concatMapStrings (line: line + "\n");

      /**
        Replaces every occurrence of a string by another.

        # Type
        `replaceString :: String -> String -> String -> String`

        # Example
        lib.replaceString "world" "snow" "Hello, world!"
        => "Hello, snow!"
      */
      replaceString = from: to: replaceStrings [ from ] [ to ];

      /**
        A string n times.

        # Type
        `replicate :: Int -> String -> String`

        # Example
        lib.strings.replicate 3 "v"
        => "vvv"
      */
      replicate = count: string: concatStringsSep "" (genList (_: string) count);

      /**
        A string without spaces, tabs and line breaks at both ends.

        # Type
        `trim :: String -> String`

        # Example
        lib.trim "   hello, world!   "
        => "hello, world!"
      */
      trim = strings.trimWith {
        start = true;
        end = true;
      };

      /**
        `trim` at the chosen ends.

        # Type
        `trimWith :: { start :: Bool ? false; end :: Bool ? false; } -> String -> String`

        # Example
        lib.trimWith { end = true; } "  hello  "
        => "  hello"
      */
      trimWith =
        {
          start ? false,
          end ? false,
        }:
        let
          blank = " \t\r\n";
          before = if start then "[${blank}]*" else "";
          kept = if end then "(.*[^${blank}])[${blank}]*" else "(.*)";
          pattern = before + kept;
        in
        string:
        let
          matched = match pattern string;
        in
        # Without a match there is nothing but blanks.
        if matched == null then "" else head matched;

      /**
        The sub-folder of each path (`null` is passed by), joined by colons.

        # Type
        `makeSearchPath :: String -> [String] -> String`

        # Example
        lib.makeSearchPath "bin" [ "/root" "/usr" ]
        => "/root/bin:/usr/bin"
      */
      makeSearchPath =
        folder: paths: strings.concatMapStringsSep ":" (path: path + "/" + folder) (lib.lists.remove null paths);

      /**
        `makeSearchPath` over an output of packages.

        # Type
        `makeSearchPathOutput :: String -> String -> [Package] -> String`

        # Example
        lib.makeSearchPathOutput "dev" "bin" [ { dev = "/d"; } ]
        => "/d/bin"
      */
      makeSearchPathOutput =
        output: folder: packages:
        strings.makeSearchPath folder (map (lib.attrsets.getOutput output) packages);

      /**
        A search path for libraries of packages.

        # Type
        `makeLibraryPath :: [Package] -> String`

        # Example
        lib.makeLibraryPath [ "/usr" "/usr/local" ]
        => "/usr/lib:/usr/local/lib"
      */
      makeLibraryPath = strings.makeSearchPathOutput "lib" "lib";

      /**
        A search path for header files of packages.

        # Type
        `makeIncludePath :: [Package] -> String`

        # Example
        lib.makeIncludePath [ "/usr" ]
        => "/usr/include"
      */
      makeIncludePath = strings.makeSearchPathOutput "dev" "include";

      /**
        A search path for programs of packages.

        # Type
        `makeBinPath :: [Package] -> String`

        # Example
        lib.makeBinPath [ "/root" "/usr" ]
        => "/root/bin:/usr/bin"
      */
      makeBinPath = strings.makeSearchPathOutput "bin" "bin";

      /**
        A path as a string with repeated slashes made one.

        # Type
        `normalizePath :: String -> String`

        # Example
        lib.strings.normalizePath "/a//b///c/"
        => "/a/b/c/"
      */
      normalizePath =
        path:
        let
          parts = builtins.split "/+" path;
        in
        warnOfPath "normalizePath" path " Paths are always in normal form." (
          strings.concatMapStrings (part: if isString part then part else "/") parts
        );

      /**
        The string if the condition holds, else the empty one.

        # Type
        `optionalString :: Bool -> String -> String`

        # Example
        lib.optionalString true "some-string"
        => "some-string"
      */
      optionalString = condition: string: if condition then string else "";

      /**
        Whether the second string begins with the first.

        # Type
        `hasPrefix :: String -> String -> Bool`

        # Example
        lib.hasPrefix "foo" "foobar"
        => true
      */
      hasPrefix =
        prefix: string:
        warnOfPath "hasPrefix" prefix " See lib.path.hasPrefix." (
          substring 0 (stringLength prefix) string == prefix
        );

      /**
        Whether the second string ends with the first.

        # Type
        `hasSuffix :: String -> String -> Bool`

        # Example
        lib.hasSuffix "foo" "barfoo"
        => true
      */
      hasSuffix =
        suffix: string:
        let
          rest = stringLength string - stringLength suffix;
        in
        warnOfPath "hasSuffix" suffix "" (rest >= 0 && substring rest (-1) string == suffix);

      /**
        Whether the second string contains the first.

        # Type
        `hasInfix :: String -> String -> Bool`

        # Example
        lib.hasInfix "bc" "abcd"
        => true
      */
      hasInfix =
        infix: string:
        let
          text = "${string}";
        in
        # Taking the infix away shortens the text if it is there; no regular expression is needed.
        warnOfPath "hasInfix" infix "" (
          infix == "" || stringLength (replaceStrings [ infix ] [ "" ] text) != stringLength text
        );

      /**
        The parts of a string between the occurrences of a separator. They keep the string's context.

        # Type
        `splitString :: String -> String -> [String]`

        # Example
        lib.splitString "." "foo.bar.baz"
        => [ "foo" "bar" "baz" ]
      */
      splitString =
        separator: string:
        let
          pattern = strings.escapeRegex (toString separator);
          parts = filter isString (builtins.split pattern (toString string));
        in
        map (strings.addContextFrom string) parts;

      /**
        Splits a string where a predicate over two neighbouring characters holds; the second of them
        begins the next part, or is dropped.

        # Type
        `splitStringBy :: (String -> String -> Bool) -> Bool -> String -> [String]`

        # Example
        lib.splitStringBy (prev: curr: curr == ".") false "foo.bar"
        => [ "foo" "bar" ]
      */
      splitStringBy =
        isBoundary: keeps: string:
        let
          size = stringLength string;
          char = at: substring at 1 string;
          previous = at: if at == 0 then "" else char (at - 1);
          boundaries = filter (at: isBoundary (previous at) (char at)) (genList (at: at) size);
          # A dropped character lies between its part and the next one.
          starts = [ 0 ] ++ (if keeps then boundaries else map (at: at + 1) boundaries);
          ends = boundaries ++ [ size ];
          cut = start: end: strings.addContextFrom string (substring start (end - start) string);
        in
        lib.lists.zipListsWith cut starts ends;

      /**
        The second string without the first at its beginning.

        # Type
        `removePrefix :: String -> String -> String`

        # Example
        lib.removePrefix "foo." "foo.bar.baz"
        => "bar.baz"
      */
      removePrefix =
        prefix: string:
        let
          size = stringLength prefix;
        in
        warnOfPath "removePrefix" prefix "" (
          if substring 0 size string == prefix then substring size (-1) string else string
        );

      /**
        The second string without the first at its end.

        # Type
        `removeSuffix :: String -> String -> String`

        # Example
        lib.removeSuffix "front" "homefront"
        => "home"
      */
      removeSuffix =
        suffix: string:
        let
          rest = stringLength string - stringLength suffix;
        in
        warnOfPath "removeSuffix" suffix "" (
          if rest >= 0 && substring rest (-1) string == suffix then substring 0 rest string else string
        );

      /**
        The second string with the context of the first added to its own.

        # Type
        `addContextFrom :: String -> String -> String`

        # Example
        lib.addContextFrom "foo" "bar"
        => "bar"
      */
      addContextFrom = source: target: substring 0 0 source + target;

      /**
        The content of a file without a line break at its end.

        # Type
        `fileContents :: Path -> String`

        # Example
        lib.hasPrefix "#" (lib.fileContents ./teams/default.nix)
        => true
      */
      fileContents = file: strings.removeSuffix "\n" (builtins.readFile file);
    };
in
strings
