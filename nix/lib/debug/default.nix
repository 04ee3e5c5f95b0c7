# Watching values while they are evaluated, and tests as attribute sets.
{ lib }:
let
  inherit (builtins)
    attrNames
    deepSeq
    elem
    isAttrs
    isList
    mapAttrs
    trace
    ;
  inherit (lib.trivial) id;

  # A value with everything below the depth replaced by `[…]` and `{…}`.
  abridge =
    depth: value:
    let
      stand = text: {
        __pretty = _: text;
        val = value;
      };
    in
    if isList value then
      if depth == 0 then stand "[…]" else map (abridge (depth - 1)) value
    else if isAttrs value then
      if depth == 0 then stand "{…}" else mapAttrs (_: abridge (depth - 1)) value
    else
      value;

  debug = {
    inherit (builtins) addErrorContext trace unsafeGetAttrPos;

    /**
      Traces the message if the condition holds; gives the third argument.

      # Type
      `traceIf :: Bool -> String -> a -> a`

      # Example
      lib.traceIf false "never seen" 1
      => 1
    */
    traceIf = condition: message: if condition then trace message else id;

    /**
      Traces what the function makes of a value; gives the value.

      # Type
      `traceValFn :: (a -> b) -> a -> a`

      # Example
      lib.traceValFn (x: "the value is ${toString x}") 1
      => 1
    */
    traceValFn = show: value: trace (show value) value;

    /**
      Traces a value and gives it.

      # Type
      `traceVal :: a -> a`

      # Example
      lib.traceVal 1
      => 1
    */
    traceVal = debug.traceValFn id;

    /**
      Traces the first argument, evaluated in full; gives the second.

      # Type
      `traceSeq :: a -> b -> b`

      # Example
      lib.traceSeq { a = 1; } 2
      => 2
    */
    traceSeq = shown: trace (deepSeq shown shown);

    /**
      Traces the first argument, evaluated and shown down to a depth; gives the second.

      # Type
      `traceSeqN :: Int -> a -> b -> b`

      # Example
      lib.traceSeqN 1 { a.b = 1; } 2
      => 2
    */
    traceSeqN =
      depth: shown: trace (lib.generators.toPretty { allowPrettyValues = true; } (abridge depth shown));

    /**
      `traceValFn` with the value evaluated in full before.

      # Type
      `traceValSeqFn :: (a -> b) -> a -> a`

      # Example
      lib.traceValSeqFn (x: x.a) { a = 1; }
      => { a = 1; }
    */
    traceValSeqFn = show: value: debug.traceValFn show (deepSeq value value);

    /**
      Traces a value, evaluated in full, and gives it.

      # Type
      `traceValSeq :: a -> a`

      # Example
      lib.traceValSeq { a = 1; }
      => { a = 1; }
    */
    traceValSeq = debug.traceValSeqFn id;

    /**
      Traces what the function makes of a value, down to a depth; gives the value.

      # Type
      `traceValSeqNFn :: (a -> b) -> Int -> a -> a`

      # Example
      lib.traceValSeqNFn (x: x.a) 1 { a.b = 1; }
      => { a.b = 1; }
    */
    traceValSeqNFn =
      show: depth: value:
      debug.traceSeqN depth (show value) value;

    /**
      Traces a value down to a depth and gives it.

      # Type
      `traceValSeqN :: Int -> a -> a`

      # Example
      lib.traceValSeqN 1 { a.b = 1; }
      => { a.b = 1; }
    */
    traceValSeqN = debug.traceValSeqNFn id;

    /**
      Traces argument and result of a function under a name; gives the result.

      # Type
      `traceFnSeqN :: Int -> String -> (a -> b) -> a -> b`

      # Example
      lib.traceFnSeqN 1 "increment" (x: x + 1) 1
      => 2
    */
    traceFnSeqN =
      depth: name: function: from:
      let
        to = function from;
      in
      debug.traceSeqN (depth + 1) {
        fn = name;
        inherit from to;
      } to;

    /**
      Runs tests `{ testNAME = { expr = …; expected = …; }; }` and gives those that failed, as
      `{ name, expected, result }`. With an attribute `tests`, a list of names, only those run.

      # Type
      `runTests :: { String = { expr :: a; expected :: a; }; } -> [ { name, expected, result } ]`

      # Example
      lib.runTests { testSum = { expr = 1 + 1; expected = 3; }; }
      => [ { name = "testSum"; expected = 3; result = 2; } ]
    */
    runTests =
      tests:
      let
        chosen = tests.tests or [ ];
        isTest = name: builtins.substring 0 4 name == "test";
        runs = name: if chosen == [ ] then isTest name else elem name chosen;
        run =
          name:
          let
            test = tests.${name};
          in
          if runs name && test.expr != test.expected then
            [
              {
                inherit name;
                inherit (test) expected;
                result = test.expr;
              }
            ]
          else
            [ ];
      in
      builtins.concatMap run (attrNames tests);

    /**
      Turns what `runTests` gave into an error that lists the failures, or `null` if there are none.

      # Type
      `throwTestFailures :: { failures :: [AttrSet]; description :: String ? "tests"; } -> null`

      # Example
      lib.debug.throwTestFailures { failures = [ ]; }
      => null
    */
    throwTestFailures =
      {
        failures,
        description ? "tests",
        ...
      }:
      let
        # Derivations in the values must not be built to print the message.
        pretty =
          value:
          builtins.unsafeDiscardStringContext (lib.generators.toPretty { allowPrettyValues = true; } value);
        report = failure: ''
          FAIL ${pretty failure.name}:
          Expected:
          ${pretty failure.expected}
          Result:
          ${pretty failure.result}
        '';
        summary =
          "${toString (builtins.length failures)} ${description} failed:\n- "
          + lib.strings.concatMapStringsSep "\n- " (failure: failure.name) failures
          + "\n\n"
          + builtins.toJSON failures;
        traced = builtins.foldl' (_: failure: debug.traceVal (report failure)) null failures;
      in
      if failures == [ ] then null else throw (builtins.seq traced summary);

    /**
      A test that every element of a list is true.

      # Type
      `testAllTrue :: [Bool] -> { expr :: [Bool]; expected :: [Bool]; }`

      # Example
      lib.testAllTrue [ true ]
      => { expr = [ true ]; expected = [ true ]; }
    */
    testAllTrue = results: {
      expr = results;
      expected = map (_: true) results;
    };
  };
in
debug
