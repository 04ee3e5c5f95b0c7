# Functions about no data type in particular: combinators, numbers, comparison, warnings, function
# arguments, and which release this library belongs to.
{ lib }:
let
  inherit (builtins)
    elemAt
    fromTOML
    isString
    match
    ;

  # Terminal colours of the evaluator's own warnings, for evaluators without `builtins.warn`.
  escape = builtins.fromJSON ''"\u001b"'';
  paint = colour: text: "${escape}[1;${colour}m${text}${escape}[0m";

  abortsOnWarning = builtins.elem (builtins.getEnv "NIX_ABORT_ON_WARN") [
    "1"
    "true"
    "yes"
  ];

  warnByTrace =
    message: value:
    assert isString message;
    if abortsOnWarning then
      builtins.trace "${paint "31" "evaluation warning:"} ${message}" (
        abort "NIX_ABORT_ON_WARN is set: a warning ends the evaluation."
      )
    else
      builtins.trace "${paint "35" "evaluation warning:"} ${message}" value;

  identity = value: value;

  trivial = {
    inherit (builtins)
      add
      bitAnd
      bitOr
      bitXor
      ceil
      deepSeq
      div
      floor
      genericClosure
      isBool
      isFloat
      isInt
      lessThan
      mul
      pathExists
      readFile
      seq
      sub
      ;

    /**
      The argument itself.

      # Type
      `id :: a -> a`

      # Example
      lib.id 5
      => 5
    */
    id = identity;

    /**
      A function that ignores its second argument and gives the first.

      # Type
      `const :: a -> b -> a`

      # Example
      lib.const 1 2
      => 1
    */
    const = kept: _: kept;

    /**
      Passes a value through a list of functions, first to last.

      # Type
      `pipe :: a -> [ (a -> b) (b -> c) ... ] -> d`

      # Example
      lib.pipe 2 [ (x: x + 2) (x: x * 2) ]
      => 8
    */
    pipe = builtins.foldl' (value: step: step value);

    /**
      `left ++ right` as a function.

      # Type
      `concat :: [a] -> [a] -> [a]`

      # Example
      lib.concat [ 1 ] [ 2 ]
      => [ 1 2 ]
    */
    concat = left: right: left ++ right;

    /**
      `left || right` as a function.

      # Type
      `or :: Bool -> Bool -> Bool`

      # Example
      lib.or true false
      => true
    */
    "or" = left: right: left || right;

    /**
      `left && right` as a function.

      # Type
      `and :: Bool -> Bool -> Bool`

      # Example
      lib.and true false
      => false
    */
    and = left: right: left && right;

    /**
      Exactly one of two.

      # Type
      `xor :: Bool -> Bool -> Bool`

      # Example
      lib.xor true true
      => false
    */
    xor = left: right: if left then !right else right && true;

    /**
      Every bit of an integer inverted.

      # Type
      `bitNot :: Int -> Int`

      # Example
      lib.bitNot 0
      => -1
    */
    bitNot = number: -1 - number;

    /**
      A boolean in the words of the language. (`toString` gives `"1"` and `""`.)

      # Type
      `boolToString :: Bool -> String`

      # Example
      lib.boolToString true
      => "true"
    */
    boolToString = condition: if condition then "true" else "false";

    /**
      A boolean as `yes` or `no`, as many configuration files want it.

      # Type
      `boolToYesNo :: Bool -> String`

      # Example
      lib.boolToYesNo false
      => "no"
    */
    boolToYesNo = condition: if condition then "yes" else "no";

    /**
      `left // right` as a function.

      # Type
      `mergeAttrs :: AttrSet -> AttrSet -> AttrSet`

      # Example
      lib.mergeAttrs { a = 1; b = 2; } { b = 3; }
      => { a = 1; b = 3; }
    */
    mergeAttrs = left: right: left // right;

    /**
      A function with its first two arguments exchanged.

      # Type
      `flip :: (a -> b -> c) -> b -> a -> c`

      # Example
      lib.flip lib.concat [ 1 ] [ 2 ]
      => [ 2 1 ]
    */
    flip =
      function: second: first:
      function first second;

    /**
      A value, or the default in place of `null`.

      # Type
      `defaultTo :: a -> Nullable a -> a`

      # Example
      lib.defaultTo 1 null
      => 1
    */
    defaultTo = default: value: if value == null then default else value;

    /**
      Applies a function unless the value is `null`.

      # Type
      `mapNullable :: (a -> b) -> Nullable a -> Nullable b`

      # Example
      lib.mapNullable (x: x + 1) 2
      => 3
    */
    mapNullable = function: value: if value == null then null else function value;

    /** The release with its suffix, as `nixos-version` prints it. */
    version = trivial.release + trivial.versionSuffix;

    /** The release this library is compatible with, year and month. */
    release = lib.strings.fileContents ./release;

    /** The oldest release whose users the library still considers, as a number like `2511`. */
    oldestSupportedRelease = 2605;

    /**
      Deprecated name of `oldestSupportedReleaseIsAtLeast`.

      # Example
      lib.isInOldestRelease 2311
      => true
    */
    isInOldestRelease =
      trivial.warn "lib.isInOldestRelease is an old name: write lib.oldestSupportedReleaseIsAtLeast."
        trivial.oldestSupportedReleaseIsAtLeast;

    /**
      Whether every supported release is at least this one: when true, what that release brought may
      be relied upon, and what it deprecated may warn.

      # Type
      `oldestSupportedReleaseIsAtLeast :: Int -> Bool`

      # Example
      lib.oldestSupportedReleaseIsAtLeast 2411
      => true
    */
    oldestSupportedReleaseIsAtLeast = release: release <= trivial.oldestSupportedRelease;

    /** The code name of the release. */
    codeName = "Zokor";

    /** What follows the release in the version: from the file `.version-suffix`, else `pre-git`. */
    versionSuffix =
      let
        file = ../../.version-suffix;
      in
      if builtins.pathExists file then lib.strings.fileContents file else "pre-git";

    /**
      The commit of the tree this library is in, or the default when that cannot be known.

      # Type
      `revisionWithDefault :: String -> String`

      # Example
      lib.isString (lib.trivial.revisionWithDefault "unknown")
      => true
    */
    revisionWithDefault =
      default:
      let
        root = toString ../..;
        repository = "${root}/.git";
        file = "${root}/.git-revision";
      in
      if lib.sources.pathIsGitRepo repository then
        lib.sources.commitIdFromGitRepo repository
      else if builtins.pathExists file then
        lib.strings.fileContents file
      else
        default;

    /** Deprecated name of `version`. */
    nixpkgsVersion = trivial.warn "lib.nixpkgsVersion is an old name: write lib.version." trivial.version;

    /** Whether the evaluation was started by `nix-shell`. */
    inNixShell = builtins.getEnv "IN_NIX_SHELL" != "";

    /** Whether the evaluation is pure: no environment, no current system, no current time. */
    inPureEvalMode = !(builtins ? currentSystem);

    /**
      The lesser of two comparable values.

      # Type
      `min :: a -> a -> a`

      # Example
      lib.min 3 2
      => 2
    */
    min = left: right: if left < right then left else right;

    /**
      The greater of two comparable values.

      # Type
      `max :: a -> a -> a`

      # Example
      lib.max 3 2
      => 3
    */
    max = left: right: if left > right then left else right;

    /**
      The remainder of an integer division; its sign is the dividend's.

      # Type
      `mod :: Int -> Int -> Int`

      # Example
      lib.mod 11 10
      => 1
    */
    mod = dividend: divisor: dividend - divisor * (builtins.div dividend divisor);

    /**
      -1, 0 or 1: how two values compare.

      # Type
      `compare :: a -> a -> Int`

      # Example
      lib.compare 1 2
      => -1
    */
    compare =
      left: right:
      if left < right then
        -1
      else if left > right then
        1
      else
        0;

    /**
      A comparison in two groups: what satisfies the predicate comes before what does not, and each
      group is compared by its own function.

      # Type
      `splitByAndCompare :: (a -> Bool) -> (a -> a -> Int) -> (a -> a -> Int) -> a -> a -> Int`

      # Example
      lib.splitByAndCompare (lib.hasPrefix "foo") lib.compare lib.compare "baz" "fooz"
      => 1
    */
    splitByAndCompare =
      isFirst: compareFirst: compareRest: left: right:
      let
        leftFirst = isFirst left;
        rightFirst = isFirst right;
      in
      if leftFirst && rightFirst then
        compareFirst left right
      else if leftFirst then
        -1
      else if rightFirst then
        1
      else
        compareRest left right;

    /**
      The value in a JSON file.

      # Type
      `importJSON :: Path -> a`

      # Example
      (builtins.tryEval (lib.isFunction lib.importJSON)).value
      => true
    */
    importJSON = file: builtins.fromJSON (builtins.readFile file);

    /**
      The value in a TOML file.

      # Type
      `importTOML :: Path -> AttrSet`

      # Example
      (builtins.tryEval (lib.isFunction lib.importTOML)).value
      => true
    */
    importTOML = file: fromTOML (builtins.readFile file);

    /**
      Prints a warning, then gives the second argument. `NIX_ABORT_ON_WARN=1` makes it an error.

      # Type
      `warn :: String -> a -> a`

      # Example
      lib.warn "careful" 1
      => 1
    */
    warn = builtins.warn or warnByTrace;

    /**
      Warns if the condition holds; gives the third argument.

      # Type
      `warnIf :: Bool -> String -> a -> a`

      # Example
      lib.warnIf false "never seen" 1
      => 1
    */
    warnIf = condition: message: if condition then trivial.warn message else identity;

    /**
      Warns unless the condition holds; gives the third argument.

      # Type
      `warnIfNot :: Bool -> String -> a -> a`

      # Example
      lib.warnIfNot true "never seen" 1
      => 1
    */
    warnIfNot = condition: message: if condition then identity else trivial.warn message;

    /**
      Throws unless the condition holds; else gives the third argument.

      # Type
      `throwIfNot :: Bool -> String -> a -> a`

      # Example
      lib.throwIfNot true "never thrown" 1
      => 1
    */
    throwIfNot = condition: message: if condition then identity else throw message;

    /**
      Throws if the condition holds; else gives the third argument.

      # Type
      `throwIf :: Bool -> String -> a -> a`

      # Example
      lib.throwIf false "never thrown" 1
      => 1
    */
    throwIf = condition: message: if condition then throw message else identity;

    /**
      Throws when a list has elements that are not among the valid ones; else gives the fourth
      argument. The message begins with the first argument.

      # Type
      `checkListOfEnum :: String -> [a] -> [a] -> b -> b`

      # Example
      lib.checkListOfEnum "colours" [ "red" "blue" ] [ "red" ] 1
      => 1
    */
    checkListOfEnum =
      what: valid: given:
      let
        unexpected = builtins.filter (element: !builtins.elem element valid) given;
        show = list: builtins.concatStringsSep ", " (map toString list);
      in
      if unexpected == [ ] then
        identity
      else
        throw "${what}: ${show unexpected} unexpected; valid ones: ${show valid}";

    /**
      Prints a message marked `INFO`, then gives the second argument.

      # Type
      `info :: String -> a -> a`

      # Example
      lib.info "hello" 1
      => 1
    */
    info = message: builtins.trace "INFO: ${message}";

    /**
      Prints every warning of a list, then gives the second argument.

      # Type
      `showWarnings :: [String] -> a -> a`

      # Example
      lib.showWarnings [ ] 1
      => 1
    */
    showWarnings = warnings: value: lib.lists.foldr trivial.warn value warnings;

    /**
      A function that reports the given arguments (name to whether it has a default).

      # Type
      `setFunctionArgs :: (a -> b) -> { String = Bool; } -> (a -> b)`

      # Example
      lib.functionArgs (lib.setFunctionArgs (args: args) { x = false; })
      => { x = false; }
    */
    setFunctionArgs = function: arguments: {
      __functor = _: function;
      __functionArgs = arguments;
    };

    /**
      The named arguments of a function, also of a functor and of what `setFunctionArgs` made.

      # Type
      `functionArgs :: (a -> b) -> { String = Bool; }`

      # Example
      lib.functionArgs ({ a, b ? 1 }: a)
      => { a = false; b = true; }
    */
    functionArgs =
      function:
      if !(function ? __functor) then
        builtins.functionArgs function
      else
        function.__functionArgs or (trivial.functionArgs (function.__functor function));

    /**
      Whether a value can be called: a lambda or an attribute set with `__functor`.

      # Type
      `isFunction :: a -> Bool`

      # Example
      lib.isFunction { __functor = self: x: x; }
      => true
    */
    isFunction =
      value:
      builtins.isFunction value || (value ? __functor && builtins.isFunction (value.__functor value));

    /**
      Gives a wrapper the named arguments of the function it wraps.

      # Type
      `mirrorFunctionArgs :: (a -> b) -> (a -> c) -> (a -> c)`

      # Example
      lib.functionArgs (lib.mirrorFunctionArgs ({ a }: a) (args: args))
      => { a = false; }
    */
    mirrorFunctionArgs =
      original:
      let
        arguments = trivial.functionArgs original;
      in
      wrapper: trivial.setFunctionArgs wrapper arguments;

    /**
      A function unchanged, anything else as a function that always gives it.

      # Type
      `toFunction :: (a | b -> a) -> b -> a`

      # Example
      lib.toFunction 3 null
      => 3
    */
    toFunction = value: if trivial.isFunction value then value else _: value;

    /**
      The integer that a string of hexadecimal digits stands for, with or without `0x`.

      # Type
      `fromHexString :: String -> Int`

      # Example
      lib.fromHexString "0xFF"
      => 255
    */
    fromHexString =
      text:
      let
        parsed = match "(0x)?([0-7]?[0-9A-Fa-f]{1,15})" text;
        lenient = lib.strings.removePrefix "0x" (lib.strings.toLower text);
        read = digits: (fromTOML "n=0x${digits}").n;
      in
      if parsed != null then
        read (elemAt parsed 1)
      else
        trivial.warn "fromHexString: ${lib.generators.toPretty { } text} is not a hexadecimal number of at most 63 bits and will be rejected." (
          read lenient
        );

    /**
      A natural number in upper-case hexadecimal digits.

      # Type
      `toHexString :: Int -> String`

      # Example
      lib.toHexString 250
      => "FA"
    */
    toHexString =
      number:
      let
        digit = value: builtins.substring value 1 "0123456789ABCDEF";
      in
      builtins.concatStringsSep "" (map digit (trivial.toBaseDigits 16 number));

    /**
      The digits of a natural number in a base, the most significant first.

      # Type
      `toBaseDigits :: Int -> Int -> [Int]`

      # Example
      lib.toBaseDigits 10 123
      => [ 1 2 3 ]
    */
    toBaseDigits =
      base: number:
      let
        collect =
          rest: digits:
          if rest < base then
            [ rest ] ++ digits
          else
            collect (rest / base) ([ (rest - base * (rest / base)) ] ++ digits);
      in
      assert builtins.isInt base && base >= 2;
      assert builtins.isInt number && number >= 0;
      collect number [ ];
  };
in
trivial
