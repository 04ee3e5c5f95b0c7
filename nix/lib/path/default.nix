# Paths as values, and subpaths: strings that lead from one place of a file system to one below it,
# always written with `./` at the front, without `..`, and without a slash at the end.
{ lib }:
let
  inherit (builtins)
    elemAt
    filter
    isPath
    isString
    length
    match
    substring
    typeOf
    ;
  inherit (lib.asserts) assertMsg;
  inherit (lib.lists) drop;

  # What is wrong with a subpath; null if nothing is.
  faultOf =
    value:
    if !isString value then
      "The given value is of type ${typeOf value}, but a string was expected"
    else if value == "" then
      "The given string is empty"
    else if substring 0 1 value == "/" then
      "The given string \"${value}\" starts with a `/`, representing an absolute path"
    else if match "(.*/)?\\.\\.(/.*)?" value != null then
      "The given string \"${value}\" contains a `..` component, which is not allowed in subpaths"
    else
      null;

  demandPath =
    function: argument: value:
    assertMsg (isPath value)
      "lib.path.${function}: ${argument} is of type ${typeOf value}, but a path was expected";

  demandSubpath =
    function: argument: value:
    assertMsg (faultOf value == null)
      "lib.path.${function}: ${argument} is not a valid subpath string:\n    ${faultOf value}";

  # The components of a subpath; `.` and empty ones mean nothing.
  split =
    string:
    filter (part: isString part && part != "" && part != ".") (builtins.split "/+" string);

  join =
    components: "./" + (if components == [ ] then "." else builtins.concatStringsSep "/" components);

  # `{ root, components }` of a path. Going up ends where a path is its own parent.
  dissect =
    let
      climb =
        components: at:
        let
          parent = dirOf at;
        in
        if parent == at then
          {
            inherit components;
            root = at;
          }
        else
          climb ([ (baseNameOf at) ] ++ components) parent;
    in
    climb [ ];

  demandSameRoot =
    function: first: firstParts: second: secondParts:
    assertMsg (firstParts.root == secondParts.root) ''
      lib.path.${function}: Filesystem roots must be the same for both paths, but paths with different roots were given:
          first argument: "${toString first}" with root "${toString firstParts.root}"
          second argument: "${toString second}" with root "${toString secondParts.root}"'';

  storeComponents = split builtins.storeDir;

  isInStore =
    components:
    let
      inside = drop (length storeComponents) components;
    in
    (
      lib.lists.hasPrefix storeComponents components
      && inside != [ ]
      && match ".{32}-.+" (elemAt inside 0) != null
    )
    # What content-addressed derivations have for paths before they are built.
    || (components != [ ] && match "[0-9a-z]{52}" (elemAt components 0) != null);

  path = {
    /**
      A path with a subpath appended.

      # Type
      `append :: Path -> String -> Path`

      # Example
      lib.path.append /foo "bar/baz"
      => /foo/bar/baz
    */
    append =
      base: subpath:
      assert demandPath "append" "The first argument" base;
      assert demandSubpath "append" "Second argument" subpath;
      base + ("/" + subpath);

    /**
      Whether the first path is the second or leads to it.

      # Type
      `hasPrefix :: Path -> Path -> Bool`

      # Example
      lib.path.hasPrefix /foo /foo/bar
      => true
    */
    hasPrefix =
      prefix:
      assert demandPath "hasPrefix" "First argument" prefix;
      let
        prefixParts = dissect prefix;
      in
      whole:
      assert demandPath "hasPrefix" "Second argument" whole;
      let
        parts = dissect whole;
      in
      assert demandSameRoot "hasPrefix" prefix prefixParts whole parts;
      lib.lists.hasPrefix prefixParts.components parts.components;

    /**
      The subpath from the first path to the second, which must be below it.

      # Type
      `removePrefix :: Path -> Path -> String`

      # Example
      lib.path.removePrefix /foo /foo/bar
      => "./bar"
    */
    removePrefix =
      prefix:
      assert demandPath "removePrefix" "First argument" prefix;
      let
        prefixParts = dissect prefix;
        size = length prefixParts.components;
      in
      whole:
      assert demandPath "removePrefix" "Second argument" whole;
      let
        parts = dissect whole;
      in
      assert demandSameRoot "removePrefix" prefix prefixParts whole parts;
      if lib.lists.hasPrefix prefixParts.components parts.components then
        join (drop size parts.components)
      else
        throw ''lib.path.removePrefix: The first path argument "${toString prefix}" is not a component-wise prefix of the second path argument "${toString whole}".'';

    /**
      A path as the root of its file system and the subpath from there.

      # Type
      `splitRoot :: Path -> { root :: Path; subpath :: String; }`

      # Example
      lib.path.splitRoot /foo/bar
      => { root = /.; subpath = "./foo/bar"; }
    */
    splitRoot =
      whole:
      assert demandPath "splitRoot" "Argument" whole;
      let
        parts = dissect whole;
      in
      {
        inherit (parts) root;
        subpath = join parts.components;
      };

    /**
      Whether a path is a store path or below one.

      # Type
      `hasStorePathPrefix :: Path -> Bool`

      # Example
      lib.path.hasStorePathPrefix /foo
      => false
    */
    hasStorePathPrefix =
      whole:
      assert demandPath "hasStorePathPrefix" "Argument" whole;
      let
        parts = dissect whole;
      in
      assert assertMsg (parts.root == /. && toString parts.root == "/")
        "lib.path.hasStorePathPrefix: Argument has a filesystem root (${toString parts.root}) that's not /, which is currently not supported.";
      isInStore parts.components;

    subpath = {
      /**
        Whether a value is a subpath: a string that is not empty, not absolute and without `..`.

        # Type
        `isValid :: a -> Bool`

        # Example
        lib.path.subpath.isValid "foo/../bar"
        => false
      */
      isValid = value: faultOf value == null;

      /**
        Subpaths one after the other as one.

        # Type
        `join :: [String] -> String`

        # Example
        lib.path.subpath.join [ "foo" "bar/baz" ]
        => "./foo/bar/baz"
      */
      join =
        subpaths:
        let
          invalid = lib.lists.findFirstIndex (value: faultOf value != null) null subpaths;
        in
        if invalid == null then
          join (builtins.concatMap split subpaths)
        else
          throw ''
            lib.path.subpath.join: Element at index ${toString invalid} is not a valid subpath string:
                ${faultOf (elemAt subpaths invalid)}'';

      /**
        The components of a subpath.

        # Type
        `components :: String -> [String]`

        # Example
        lib.path.subpath.components "./foo//bar/./baz/"
        => [ "foo" "bar" "baz" ]
      */
      components =
        subpath:
        assert demandSubpath "subpath.components" "Argument" subpath;
        split subpath;

      /**
        A subpath in its one form.

        # Type
        `normalise :: String -> String`

        # Example
        lib.path.subpath.normalise "foo//bar/."
        => "./foo/bar"
      */
      normalise =
        subpath:
        assert demandSubpath "subpath.normalise" "Argument" subpath;
        join (split subpath);
    };
  };
in
path
