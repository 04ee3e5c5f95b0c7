# Sets of local files: made of paths by union, intersection and difference, and copied to the store
# as a source. A set says which files it has without reading any of them.
#
#   tree.nix     what a set is made of, and the operations on it
#   source.nix   sets to filters of sources, and back
#   trace.nix    sets for people to read
#   git.nix      the files that git tracks
{ lib }:
let
  inherit (builtins)
    elemAt
    isBool
    isList
    isPath
    pathExists
    seq
    typeOf
    ;
  inherit (lib.filesystem) pathType;
  inherit (lib.lists) imap0;
  inherit (lib.path) hasPrefix splitRoot;
  inherit (lib.strings) isStringLike;

  part = file: import file { inherit lib; };
  tree = part ./tree.nix;
  source = part ./source.nix;
  tracing = part ./trace.nix;
  git = part ./git.nix;

  inherit (tree) coerce coerceAll;

  # A message of several lines, the further ones indented.
  refuse = lines: throw (builtins.concatStringsSep "\n    " lines);

  # Two arguments as sets.
  both =
    function: firstContext: first: secondContext: second:
    coerceAll "lib.fileset.${function}" [
      {
        context = firstContext;
        value = first;
      }
      {
        context = secondContext;
        value = second;
      }
    ];

  # The checks of `toSource` on its root; true, or an error.
  checkRoot =
    root:
    if isPath root then
      true
    else if root ? _isLibCleanSourceWith then
      refuse [
        "lib.fileset.toSource: `root` is a `lib.sources`-based value, but it should be a path instead."
        "To use a `lib.sources`-based value, convert it to a file set using `lib.fileset.fromSource` and pass it as `fileset`."
        "Note that this only works for sources created from paths."
      ]
    else if isStringLike root then
      refuse [
        "lib.fileset.toSource: `root` (${toString root}) is a string-like value, but it should be a path instead."
        "Paths in strings are not supported by `lib.fileset`, use `lib.sources` or derivations instead."
      ]
    else
      throw "lib.fileset.toSource: `root` is of type ${typeOf root}, but it should be a path instead.";

  checkSameSystem =
    root: set:
    let
      rootSystem = (splitRoot root).root;
      setSystem = (splitRoot set._internalBase).root;
    in
    set._internalIsEmptyWithoutBase
    || rootSystem == setSystem
    || refuse [
      "lib.fileset.toSource: Filesystem roots are not the same for `fileset` and `root` (${toString root}):"
      "`root`: Filesystem root is \"${toString rootSystem}\""
      "`fileset`: Filesystem root is \"${toString setSystem}\""
      "Different filesystem roots are not supported."
    ];

  checkFolder =
    root:
    if !pathExists root then
      throw "lib.fileset.toSource: `root` (${toString root}) is a path that does not exist."
    else
      pathType root == "directory"
      || refuse [
        "lib.fileset.toSource: `root` (${toString root}) is a file, but it should be a directory instead. Potential solutions:"
        "- If you want to import the file into the store _without_ a containing directory, use string interpolation or `builtins.path` instead of this function."
        "- If you want to import the file into the store _with_ a containing directory, set `root` to the containing directory, such as ${toString (dirOf root)}, and set `fileset` to the file path."
      ];

  checkInside =
    root: set:
    set._internalIsEmptyWithoutBase
    || hasPrefix root set._internalBase
    || refuse [
      "lib.fileset.toSource: `fileset` could contain files in ${toString set._internalBase}, which is not under the `root` (${toString root}). Potential solutions:"
      "- Set `root` to ${toString set._internalBase} or any directory higher up. This changes the layout of the resulting store path."
      "- Set `fileset` to a file set that cannot contain files outside the `root` (${toString root}). This could change the files included in the result."
    ];

  fileset = {
    /** The set without files. */
    empty = tree.empty;

    /**
      Whether a value is a set of files, or a path, which stands for one.

      # Type
      `isFileset :: a -> Bool`

      # Example
      lib.fileset.isFileset lib.fileset.empty
      => true
    */
    isFileset = value: (tree.tryCoerce "" value).success;

    /**
      The set of a path that need not exist; without it, the empty one.

      # Type
      `maybeMissing :: Path -> FileSet`

      # Example
      lib.fileset.toList (lib.fileset.maybeMissing ./no-such-file)
      => [ ]
    */
    maybeMissing =
      path:
      if isPath path then
        if pathExists path then tree.ofPath path else tree.empty
      else if isStringLike path then
        throw ''lib.fileset.maybeMissing: Argument ("${toString path}") is a string-like value, but it should be a path instead.''
      else
        throw "lib.fileset.maybeMissing: Argument is of type ${typeOf path}, but it should be a path instead.";

    /**
      Traces the files of a set; gives the second argument.

      # Type
      `trace :: FileSet -> a -> a`

      # Example
      lib.fileset.trace ./teams 1
      => 1
    */
    trace =
      argument:
      let
        set = coerce "lib.fileset.trace: Argument" argument;
      in
      seq (tracing.print set) (value: value);

    /**
      Traces the files of a set and gives it.

      # Type
      `traceVal :: FileSet -> FileSet`

      # Example
      lib.fileset.toList (lib.fileset.traceVal ./teams)
      => [ ./teams/default.nix ]
    */
    traceVal =
      argument:
      let
        set = coerce "lib.fileset.traceVal: Argument" argument;
      in
      seq (tracing.print set) set;

    /**
      Copies the files of a set, all of them below `root`, to the store, as a source.

      # Type
      `toSource :: { root :: Path; fileset :: FileSet; } -> Source`

      # Example
      (lib.fileset.toSource { root = ./.; fileset = ./teams; }).name
      => "source"
    */
    toSource =
      { root, fileset }:
      let
        set = coerce "lib.fileset.toSource: `fileset`" fileset;
        filter = source.toFilter set;
      in
      assert checkRoot root;
      assert checkSameSystem root set;
      assert checkFolder root;
      assert checkInside root set;
      # The filter is made before the source, so that its errors come early.
      seq filter (
        lib.sources.cleanSourceWith {
          name = "source";
          src = root;
          inherit filter;
        }
      );

    /**
      The paths of the files of a set.

      # Type
      `toList :: FileSet -> [Path]`

      # Example
      lib.fileset.toList lib.fileset.empty
      => [ ]
    */
    toList = argument: tree.toList (coerce "lib.fileset.toList: Argument" argument);

    /**
      The files of either of two sets.

      # Type
      `union :: FileSet -> FileSet -> FileSet`

      # Example
      lib.fileset.toList (lib.fileset.union ./teams ./flakes)
      => [ ./flakes/default.nix ./teams/default.nix ]
    */
    union = first: second: tree.union (both "union" "First argument" first "Second argument" second);

    /**
      The files of any of several sets.

      # Type
      `unions :: [FileSet] -> FileSet`

      # Example
      lib.fileset.toList (lib.fileset.unions [ ])
      => [ ]
    */
    unions =
      sets:
      if isList sets then
        tree.union (
          coerceAll "lib.fileset.unions" (
            imap0 (at: value: {
              context = "Element ${toString at}";
              inherit value;
            }) sets
          )
        )
      else
        throw "lib.fileset.unions: Argument is of type ${typeOf sets}, but it should be a list instead.";

    /**
      The files of both of two sets.

      # Type
      `intersection :: FileSet -> FileSet -> FileSet`

      # Example
      lib.fileset.toList (lib.fileset.intersection ./teams ./.)
      => [ ./teams/default.nix ]
    */
    intersection =
      first: second:
      let
        sets = both "intersection" "First argument" first "Second argument" second;
      in
      tree.intersection (elemAt sets 0) (elemAt sets 1);

    /**
      The files of the first set that the second does not have.

      # Type
      `difference :: FileSet -> FileSet -> FileSet`

      # Example
      lib.fileset.toList (lib.fileset.difference ./teams ./teams/default.nix)
      => [ ]
    */
    difference =
      positive: negative:
      let
        sets =
          both "difference" "First argument (positive set)" positive "Second argument (negative set)"
            negative;
      in
      tree.difference (elemAt sets 0) (elemAt sets 1);

    /**
      The files below a path that satisfy a predicate over `{ name, type, hasExt, ... }`.

      # Type
      `fileFilter :: ({ name :: String; type :: String; hasExt :: String -> Bool; ... } -> Bool) -> Path -> FileSet`

      # Example
      map baseNameOf (lib.fileset.toList (lib.fileset.fileFilter (file: file.hasExt "nix") ./teams))
      => [ "default.nix" ]
    */
    fileFilter =
      predicate: path:
      if !lib.trivial.isFunction predicate then
        throw "lib.fileset.fileFilter: First argument is of type ${typeOf predicate}, but it should be a function instead."
      else if isPath path then
        if pathExists path then
          tree.filterFiles predicate path
        else
          throw "lib.fileset.fileFilter: Second argument (${toString path}) is a path that does not exist."
      else if path._type or null == "fileset" then
        refuse [
          "lib.fileset.fileFilter: Second argument is a file set, but it should be a path instead."
          "If you need to filter files in a file set, use `intersection fileset (fileFilter pred ./.)` instead."
        ]
      else
        throw "lib.fileset.fileFilter: Second argument is of type ${typeOf path}, but it should be a path instead.";

    /**
      The files of a source, or of a path.

      # Type
      `fromSource :: Source | Path -> FileSet`

      # Example
      lib.fileset.toList (lib.fileset.fromSource ./teams)
      => [ ./teams/default.nix ]
    */
    fromSource =
      argument:
      let
        isFiltered = argument ? _isLibCleanSourceWith;
        origin = if isFiltered then argument.origSrc else argument;
      in
      if isPath origin then
        if !pathExists origin then
          throw "lib.fileset.fromSource: The source origin (${toString origin}) of the argument is a path that does not exist."
        else if isFiltered then
          source.fromFilter origin argument.filter
        else
          tree.ofPath origin
      else if isStringLike origin then
        refuse [
          "lib.fileset.fromSource: The source origin of the argument is a string-like value (\"${toString origin}\"), but it should be a path instead."
          "Sources created from paths in strings cannot be turned into file sets, use `lib.sources` or derivations instead."
        ]
      else
        throw "lib.fileset.fromSource: The source origin of the argument is of type ${typeOf origin}, but it should be a path instead.";

    /**
      The files that git tracks in a work tree.

      # Type
      `gitTracked :: Path -> FileSet`

      # Example
      map baseNameOf (lib.fileset.toList (lib.fileset.gitTracked ./project))
      => [ "tracked.txt" ]
    */
    gitTracked = path: git.tracked "gitTracked" "argument" path { };

    /**
      `gitTracked` with options: `recurseSubmodules`, whether files of submodules count.

      # Type
      `gitTrackedWith :: { recurseSubmodules :: Bool ? false; } -> Path -> FileSet`

      # Example
      map baseNameOf (lib.fileset.toList (lib.fileset.gitTrackedWith { recurseSubmodules = false; } ./project))
      => [ "tracked.txt" ]
    */
    gitTrackedWith =
      {
        recurseSubmodules ? false,
      }:
      path:
      if isBool recurseSubmodules then
        git.tracked "gitTrackedWith" "second argument" path { submodules = recurseSubmodules; }
      else
        throw "lib.fileset.gitTrackedWith: Expected the attribute `recurseSubmodules` of the first argument to be a boolean, but it's a ${typeOf recurseSubmodules} instead.";
  };
in
fileset
