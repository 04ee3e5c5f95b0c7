# What a set of files is made of, and the operations on it.
#
# A set has a base, the path of a folder, and a tree of what is in it. A tree is
#
#   null          nothing
#   "directory"   a folder with everything in it
#   other string  a file, of that type (`regular`, `symlink`, `unknown`)
#   set           a folder: a tree for each name; names left out have nothing
#
# The attributes of a set are those of nixpkgs' library, version 3, so that either library takes what
# the other one made. Trees are lazy: folders are read when it matters what is in them.
{ lib }:
let
  inherit (builtins)
    concatMap
    elemAt
    filter
    foldl'
    head
    intersectAttrs
    isAttrs
    isPath
    isString
    length
    mapAttrs
    pathExists
    readDir
    typeOf
    ;
  inherit (lib.attrsets) mapAttrsToList zipAttrsWith;
  inherit (lib.filesystem) pathType;
  inherit (lib.lists)
    commonPrefix
    drop
    findFirst
    findFirstIndex
    take
    ;
  inherit (lib.strings) hasSuffix isStringLike;

  version = 3;

  notice = {
    _noEval = throw ''
      lib.fileset: Directly evaluating a file set is not supported.
        To turn it into a usable source, use `lib.fileset.toSource`.
        To pretty-print the contents, use `lib.fileset.trace` or `lib.fileset.traceVal`.'';
  };

  lines = builtins.concatStringsSep "\n    ";

  # Sets of older versions, made what they would be today.
  upgrade =
    set:
    let
      parts = lib.path.splitRoot set._internalBase;
      located = {
        _internalBaseRoot = parts.root;
        _internalBaseComponents = lib.path.subpath.components parts.subpath;
      };
    in
    (if set._internalVersion < 1 then located else { })
    // set
    // {
      _internalVersion = version;
      _internalIsEmptyWithoutBase = set._internalIsEmptyWithoutBase or false;
    };

  # The tree of a set with a base further up: the folders between hold it alone.
  raise =
    target: set:
    let
      between = drop (length target) set._internalBaseComponents;
    in
    lib.attrsets.setAttrByPath between set._internalTree;

  # The tree of a set with a base further down: what it has there.
  lower =
    target: set:
    foldl' (
      inner: component: if isAttrs inner then inner.${component} or null else inner
    ) set._internalTree (drop (length set._internalBaseComponents) target);

  unionTrees =
    trees:
    let
      # Behind a tree that has everything, no other one is looked at.
      whole = findFirst isString null trees;
      present = filter (one: one != null) trees;
    in
    if whole != null then
      whole
    else if present == [ ] then
      null
    else
      zipAttrsWith (_: unionTrees) present;

  intersectTrees =
    left: right:
    if isAttrs left && isAttrs right then
      mapAttrs (name: intersectTrees left.${name}) (intersectAttrs left right)
    # What is whole or nothing leaves the other one, or nothing.
    else if left == null || isString right then
      left
    else
      right;

  subtractTrees =
    path: left: right:
    if left == null || isString right then
      null
    else if right == null then
      left
    else
      mapAttrs (name: inner: subtractTrees (path + "/${name}") inner (right.${name} or null)) (
        tree.entries path left
      );

  # Passed to predicates of files; a strict pattern would break when something is added.
  forwardCompatibility."lib.fileset.fileFilter: The predicate function passed as the first argument must be able to handle extra attributes for future compatibility. If you're using `{ name, file, hasExt }:`, use `{ name, file, hasExt, ... }:` instead." =
    null;

  tree = {
    # The set without files, which has no base either.
    empty = {
      _type = "fileset";
      _internalVersion = version;
      _internalIsEmptyWithoutBase = true;
    }
    // notice;

    # The set of a base and a tree.
    create =
      base: inner:
      let
        parts = lib.path.splitRoot base;
      in
      {
        _type = "fileset";
        _internalVersion = version;
        _internalIsEmptyWithoutBase = false;
        _internalBase = base;
        _internalBaseRoot = parts.root;
        _internalBaseComponents = lib.path.subpath.components parts.subpath;
        _internalTree = inner;
      }
      // notice;

    # The set of a path. A file's base is its folder.
    ofPath =
      path:
      let
        type = pathType path;
      in
      if type == "directory" then
        tree.create path type
      else
        tree.create (dirOf path) { ${baseNameOf path} = type; };

    # `{ success, value }` or `{ success, message }`: a set or path as a set.
    tryCoerce =
      context: value:
      let
        ok = set: {
          success = true;
          value = set;
        };
        no = message: {
          success = false;
          inherit message;
        };
      in
      if value._type or null == "fileset" then
        if value._internalVersion > version then
          no (lines [
            "${context} is a file set created from a future version of the file set library with a different internal representation:"
            "- Internal version of the file set: ${toString value._internalVersion}"
            "- Internal version of the library: ${toString version}"
            "Make sure to update your Nixpkgs to have a newer version of `lib.fileset`."
          ])
        else if value._internalVersion < version then
          ok (upgrade value)
        else
          ok value
      else if isPath value then
        if pathExists value then
          ok (tree.ofPath value)
        else
          no (lines [
            "${context} (${toString value}) is a path that does not exist."
            "To create a file set from a path that may not exist, use `lib.fileset.maybeMissing`."
          ])
      else if value ? _isLibCleanSourceWith then
        no (lines [
          "${context} is a `lib.sources`-based value, but it should be a file set or a path instead."
          "To convert a `lib.sources`-based value to a file set you can use `lib.fileset.fromSource`."
          "Note that this only works for sources created from paths."
        ])
      else if isStringLike value then
        no (lines [
          "${context} (\"${toString value}\") is a string-like value, but it should be a file set or a path instead."
          "Paths represented as strings are not supported by `lib.fileset`, use `lib.sources` or derivations instead."
        ])
      else
        no "${context} is of type ${typeOf value}, but it should be a file set or a path instead.";

    coerce =
      context: value:
      let
        result = tree.tryCoerce context value;
      in
      if result.success then result.value else throw result.message;

    # Several `{ context, value }` as sets of one file system.
    coerceAll =
      function: arguments:
      let
        sets = map ({ context, value }: tree.coerce "${function}: ${context}" value) arguments;
        first = findFirst (set: !set._internalIsEmptyWithoutBase) null sets;
        other = findFirstIndex (
          set: !set._internalIsEmptyWithoutBase && set._internalBaseRoot != first._internalBaseRoot
        ) null sets;
      in
      if first == null || other == null then
        sets
      else
        throw (lines [
          "${function}: Filesystem roots are not the same:"
          "${(head arguments).context}: Filesystem root is \"${toString first._internalBaseRoot}\""
          "${(elemAt arguments other).context}: Filesystem root is \"${toString (elemAt sets other)._internalBaseRoot}\""
          "Different filesystem roots are not supported."
        ]);

    # The trees of all entries of a folder.
    entries =
      path: inner:
      if inner == "directory" then readDir path else mapAttrs (_: _: null) (readDir path) // inner;

    toList =
      set:
      let
        list =
          path: inner:
          if inner == null then
            [ ]
          else if inner == "directory" then
            list path (readDir path)
          else if isAttrs inner then
            builtins.concatLists (mapAttrsToList (name: list (path + "/${name}")) inner)
          else
            [ path ];
      in
      if set._internalIsEmptyWithoutBase then [ ] else list set._internalBase set._internalTree;

    union =
      sets:
      let
        based = filter (set: !set._internalIsEmptyWithoutBase) sets;
        first = head based;
        shared = foldl' (
          components: set: commonPrefix components set._internalBaseComponents
        ) first._internalBaseComponents based;
        base = first._internalBaseRoot + "/${builtins.concatStringsSep "/" shared}";
      in
      if based == [ ] then tree.empty else tree.create base (unionTrees (map (raise shared) based));

    intersection =
      left: right:
      let
        leftBase = left._internalBaseComponents;
        rightBase = right._internalBaseComponents;
        shared = length (commonPrefix leftBase rightBase);
        deeper = if length leftBase < length rightBase then right else left;
        target = deeper._internalBaseComponents;
        # Unless one base is above the other, there is no common file.
        isApart = shared != length leftBase && shared != length rightBase;
      in
      if left._internalIsEmptyWithoutBase || right._internalIsEmptyWithoutBase || isApart then
        tree.empty
      else
        tree.create deeper._internalBase (intersectTrees (lower target left) (lower target right));

    difference =
      positive: negative:
      let
        positiveBase = positive._internalBaseComponents;
        negativeBase = negative._internalBaseComponents;
        shared = length (commonPrefix positiveBase negativeBase);
        removed =
          if negative._internalIsEmptyWithoutBase then
            null
          else if shared == length negativeBase then
            lower positiveBase negative
          else if shared == length positiveBase then
            raise positiveBase negative
          else
            null;
      in
      if positive._internalIsEmptyWithoutBase then
        tree.empty
      else
        tree.create positive._internalBase (
          subtractTrees positive._internalBase positive._internalTree removed
        );

    filterFiles =
      predicate: root:
      let
        file =
          name: type:
          if
            predicate (
              {
                inherit name type;
                hasExt = extension: hasSuffix ".${extension}" name;
              }
              // forwardCompatibility
            )
          then
            type
          else
            null;
        folder =
          path:
          mapAttrs (name: type: if type == "directory" then folder (path + "/${name}") else file name type) (
            readDir path
          );
        rootType = pathType root;
        name = baseNameOf root;
      in
      if rootType == "directory" then
        tree.create root (folder root)
      else
        tree.create (dirOf root) { ${name} = file name rootType; };
  };
in
tree
