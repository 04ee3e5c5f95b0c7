# Assertions with messages.
{ lib }:
let
  inherit (builtins) all elem filter;
  pretty = lib.generators.toPretty { };

  asserts = {
    /**
      True, or an error with the message: for `assert`.

      # Type
      `assertMsg :: Bool -> String -> Bool`

      # Example
      lib.assertMsg (1 < 2) "never thrown"
      => true
    */
    assertMsg = condition: message: if condition then true else throw message;

    /**
      True when a value is among the allowed ones, else an error that names them.

      # Type
      `assertOneOf :: String -> a -> [a] -> Bool`

      # Example
      lib.assertOneOf "sslLibrary" "openssl" [ "openssl" "libressl" ]
      => true
    */
    assertOneOf =
      name: value: allowed:
      asserts.assertMsg (elem value allowed)
        "${name} must be one of ${pretty allowed}, but is: ${pretty value}";

    /**
      True when every value is among the allowed ones, else an error that names them.

      # Type
      `assertEachOneOf :: String -> [a] -> [a] -> Bool`

      # Example
      lib.asserts.assertEachOneOf "libraries" [ "openssl" ] [ "openssl" "libressl" ]
      => true
    */
    assertEachOneOf =
      name: values: allowed:
      asserts.assertMsg (all (value: elem value allowed) values)
        "each element in ${name} must be one of ${pretty allowed}, but is: ${pretty values}";

    /**
      What modules collect in `assertions` and `warnings`, applied to a value: the failed assertions
      together in one error, else each warning printed.

      # Type
      `checkAssertWarn :: [ { assertion :: Bool; message :: String; } ] -> [String] -> a -> a`

      # Example
      lib.asserts.checkAssertWarn [ { assertion = true; message = "never thrown"; } ] [ ] 1
      => 1
    */
    checkAssertWarn =
      assertions: warnings: value:
      let
        failed = filter (entry: !entry.assertion) assertions;
        messages = lib.strings.concatMapStringsSep "\n" (entry: "- ${entry.message}") failed;
      in
      if failed == [ ] then
        lib.trivial.showWarnings warnings value
      else
        throw "\nFailed assertions:\n${messages}";
  };
in
asserts
