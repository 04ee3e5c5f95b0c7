# Types of strings and paths (part of `lib.types`).
{ lib }:
let
  inherit (builtins)
    concatStringsSep
    isPath
    isString
    match
    toJSON
    unsafeDiscardStringContext
    ;
  inherit (lib.options) getValues mergeEqualOption;
  inherit (lib.strings) escapeNixString hasInfix isStringLike;
  inherit (lib.types)
    addCheck
    defaultFunctor
    mkOptionType
    optionDescriptionPhrase
    ;

  string =
    attrs:
    mkOptionType (
      {
        descriptionClass = "noun";
        check = isString;
        merge = mergeEqualOption;
      }
      // attrs
    );

  # Payloads that must be equal to be merged.
  same = left: right: if left == right then left else null;

  text = {
    /** A string. */
    str = string {
      name = "str";
      description = "string";
    };

    /** A string of more than blanks. */
    nonEmptyStr = string {
      name = "nonEmptyStr";
      description = "non-empty string";
      check = value: isString value && match "[ \t\n]*" value == null;
    };

    /** A string of one line; a line break at its end is allowed and taken away. */
    singleLineStr = string {
      name = "singleLineStr";
      description = "(optionally newline-terminated) single-line string";
      check = value: isString value && match "[^\n\r]*\n?" value != null;
      merge = loc: definitions: lib.strings.removeSuffix "\n" (mergeEqualOption loc definitions);
    };

    /**
      A string that matches a regular expression as a whole.

      # Example
      (lib.types.strMatching "[a-z]+").check "A"
      => false
    */
    strMatching =
      pattern:
      string {
        name = "strMatching ${escapeNixString pattern}";
        description = "string matching the pattern ${pattern}";
        check = value: isString value && match pattern value != null;
        functor = defaultFunctor "strMatching" // {
          payload = { inherit pattern; };
          type = payload: text.strMatching payload.pattern;
          binOp = same;
        };
      };

    /**
      Strings, joined by a separator.

      # Example
      (lib.mergeDefinitions [ "x" ] (lib.types.separatedString ":") [ { file = "f"; value = "a"; } { file = "g"; value = "b"; } ]).mergedValue
      => "a:b"
    */
    separatedString =
      separator:
      string {
        name = "separatedString";
        description = "strings concatenated with ${toJSON separator}";
        merge = _: definitions: concatStringsSep separator (getValues definitions);
        functor = defaultFunctor "separatedString" // {
          payload.sep = separator;
          type = payload: text.separatedString payload.sep;
          binOp = same;
        };
      };

    /** Lines of text. */
    lines = text.separatedString "\n";

    /** Strings joined by commas. */
    commas = text.separatedString ",";

    /** Strings joined by colons, as in search paths. */
    envVar = text.separatedString ":";

    /**
      A string type for a field of `/etc/passwd`.

      # Example
      (lib.types.passwdEntry lib.types.str).check "a:b"
      => false
    */
    passwdEntry =
      type:
      addCheck type (value: !(hasInfix ":" value || hasInfix "\n" value))
      // {
        name = "passwdEntry ${type.name}";
        description = "${optionDescriptionPhrase (class: class == "noun") type}, not containing newlines or colons";
        descriptionClass = "nonRestrictiveClause";
      };

    /** An absolute path: a path, a string, or something that becomes one. */
    path = text.pathWith { absolute = true; };

    /** A path in the store. */
    pathInStore = text.pathWith { inStore = true; };

    /** An absolute path, as a string, that is not in the store: for secrets and state. */
    externalPath = text.pathWith {
      absolute = true;
      inStore = false;
    };

    /**
      A path with demands: `inStore` and `absolute`, each true, false or null for either.

      # Example
      (lib.types.pathWith { inStore = true; }).check "/etc"
      => false
    */
    pathWith =
      {
        inStore ? null,
        absolute ? null,
      }:
      let
        adjective =
          if absolute == null then
            ""
          else if absolute then
            "absolute "
          else
            "relative ";
        place =
          if inStore == null then
            ""
          else if inStore then
            " in the Nix store"
          else
            " not in the Nix store";

        # A true path could be copied to the store later; it does not stay outside.
        hasForm = if inStore == false then isString else isStringLike;
        isInStore =
          value:
          lib.path.hasStorePathPrefix (
            if isPath value then value else /. + unsafeDiscardStringContext value
          );
        isAbsolute = value: builtins.substring 0 1 (toString value) == "/";
      in
      lib.trivial.throwIf (inStore == true && absolute == false)
        "In pathWith, inStore means the path must be absolute"
        (string {
          name = "path";
          description = "${adjective}path${place}";
          check =
            value:
            hasForm value
            && (inStore == null || isInStore value == inStore)
            && (absolute == null || isAbsolute value == absolute);
          functor = defaultFunctor "path" // {
            payload = { inherit absolute inStore; };
            type = text.pathWith;
            binOp = same;
          };
        });
  };
in
text
