# Sources: folders of which a filter says what is copied to the store. See `lib.fileset` for a way
# that is easier to get right. `git.nix`: what is known about a git repository; `names.nix`: names for
# what is fetched.
{ lib }:
let
  inherit (builtins)
    any
    elem
    elemAt
    filter
    isString
    length
    match
    ;
  inherit (lib.strings)
    concatMapStrings
    escapeRegex
    hasPrefix
    hasSuffix
    removePrefix
    ;

  isSource = src: src ? _isLibCleanSourceWith;

  # The origin, filter and name of a path or a source.
  describe =
    src:
    if isSource src then
      { inherit (src) filter name origSrc; }
    else
      {
        origSrc = src;
        filter = _: _: true;
        name = "source";
      };

  make =
    { origSrc, filter, name }:
    {
      _isLibCleanSourceWith = true;
      inherit filter name origSrc;
      outPath = builtins.path {
        inherit filter name;
        path = origSrc;
      };
    };

  versionControlFolders = [
    ".svn"
    "CVS"
    ".hg"
    ".jj"
    ".pijul"
    "_darcs"
  ];

  # A path without the folder that a source begins in.
  relative = src: removePrefix (toString (describe src).origSrc + "/");

  # One component of a glob as a regular expression; null stands for `**`.
  globComponent =
    glob:
    if glob == "**" then
      null
    else
      concatMapStrings (part: if isString part then escapeRegex part else "[^/]*") (
        builtins.split "\\*+" glob
      );
  components = path: filter isString (builtins.split "/" path);

  # Whether a path matches a glob, or, being a folder, could lead to something that does.
  matchesGlob =
    glob:
    let
      patterns = map globComponent (components glob);
      end = length patterns;
      isAt = at: component: match (elemAt patterns at) component != null;
    in
    path: type:
    let
      parts = components path;
      from =
        pattern: part:
        if part == length parts then
          pattern == end || type == "directory" || type == "symlink"
        else if pattern == end then
          false
        else if elemAt patterns pattern == null then
          # `**` at the end takes everything, else what comes before the first match of the next.
          pattern + 1 == end
          || (
            if elemAt patterns (pattern + 1) == null || isAt (pattern + 1) (elemAt parts part) then
              from (pattern + 1) part
            else
              from pattern (part + 1)
          )
        else
          isAt pattern (elemAt parts part) && from (pattern + 1) (part + 1);
    in
    from 0 0;

  sources =
    import ./git.nix { inherit lib; }
    // import ./names.nix { inherit lib; }
    // {
      inherit (builtins) filterSource;

      /**
        A filter that leaves out version control, editors' backups, and results of builds.

        # Example
        lib.cleanSourceFilter "/x/.git" "directory"
        => false
      */
      cleanSourceFilter =
        path: type:
        let
          name = baseNameOf path;
          isVersionControl = name == ".git" || (type == "directory" && elem name versionControlFolders);
          isBackup = hasSuffix "~" name || match "\\.sw[a-z]|\\..*\\.sw[a-z]" name != null;
          isObject = hasSuffix ".o" name || hasSuffix ".so" name;
          isResult = type == "symlink" && hasPrefix "result" name;
          # Sockets and the like cannot be in the store.
          isUnstorable = type == "unknown";
        in
        !(isVersionControl || isBackup || isObject || isResult || isUnstorable);

      /**
        A folder without what `cleanSourceFilter` leaves out.

        # Type
        `cleanSource :: Path | Source -> Source`

        # Example
        (lib.cleanSource ./teams).name
        => "source"
      */
      cleanSource =
        src:
        sources.cleanSourceWith {
          inherit src;
          filter = sources.cleanSourceFilter;
        };

      /**
        A source with a further filter, a function of path (a string) and type, or another name.

        # Type
        `cleanSourceWith :: { src :: Path | Source; filter ?; name :: String ?; } -> Source`

        # Example
        (lib.cleanSourceWith { src = /.; name = "foo"; }).name
        => "foo"
      */
      cleanSourceWith =
        {
          src,
          filter ? _: _: true,
          name ? null,
        }:
        let
          origin = describe src;
        in
        make {
          inherit (origin) origSrc;
          filter = path: type: filter path type && origin.filter path type;
          name = if name == null then origin.name else name;
        };

      /**
        A source that traces what its filter says of each path.

        # Type
        `trace :: Path | Source -> Source`

        # Example
        (lib.sources.trace ./teams).name
        => "source"
      */
      trace =
        src:
        let
          origin = describe src;
          say =
            path: type:
            let
              kept = origin.filter path type;
            in
            builtins.trace "${origin.name}.filter ${path} = ${lib.trivial.boolToString kept}" kept;
        in
        make (origin // { filter = say; })
        // {
          satisfiesSubpathInvariant = src.satisfiesSubpathInvariant or false;
        };

      /**
        The files whose path below the source matches one of several regular expressions. Folders must
        match too.

        # Type
        `sourceByRegex :: (Path | Source) -> [String] -> Source`

        # Example
        (lib.sourceByRegex ./. [ ".*\\.nix" ]).name
        => "source"
      */
      sourceByRegex =
        src: patterns:
        sources.cleanSourceWith {
          inherit src;
          filter = path: _: any (pattern: match pattern (relative src path) != null) patterns;
        };

      /**
        The files with one of several endings.

        # Type
        `sourceFilesBySuffices :: (Path | Source) -> [String] -> Source`

        # Example
        (lib.sourceFilesBySuffices ./. [ ".nix" ]).name
        => "source"
      */
      sourceFilesBySuffices =
        src: suffixes:
        sources.cleanSourceWith {
          inherit src;
          filter =
            path: type: type == "directory" || any (suffix: hasSuffix suffix (baseNameOf path)) suffixes;
        };

      /**
        The files that match one of several globs, in which `*` stands for a part of a name and `**` for
        any number of folders.

        # Type
        `sourceByGlobs :: Path -> [String] -> Source`

        # Example
        (lib.sources.sourceByGlobs ./. [ "*.nix" ]).name
        => "source"
      */
      sourceByGlobs =
        src: globs:
        let
          matchers = map matchesGlob globs;
          root = "${toString src}/";
        in
        sources.cleanSourceWith {
          inherit src;
          filter = path: type: any (matches: matches (removePrefix root path) type) matchers;
        };

      /**
        Whether a string depends on something in the store.

        # Example
        lib.pathHasContext "/x"
        => false
      */
      pathHasContext = builtins.hasContext;

      /**
        Whether something can be filtered: it can unless it is in the store already.

        # Type
        `canCleanSource :: a -> Bool`

        # Example
        lib.canCleanSource /.
        => true
      */
      canCleanSource = src: isSource src || !sources.pathHasContext (toString src);
    };
in
sources
