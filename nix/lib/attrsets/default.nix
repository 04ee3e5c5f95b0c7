# Attribute sets: paths into them, mapping, filtering, merging; and the outputs of derivations,
# which are attribute sets too.
{ lib }:
let
  inherit (builtins)
    attrNames
    attrValues
    catAttrs
    concatMap
    elemAt
    filter
    foldl'
    head
    intersectAttrs
    isAttrs
    length
    listToAttrs
    mapAttrs
    partition
    removeAttrs
    ;
  inherit (lib.lists) foldr take;

  outputs = import ./outputs.nix { inherit lib; };

  attrsets = outputs // {
    inherit (builtins)
      attrNames
      attrValues
      catAttrs
      getAttr
      hasAttr
      intersectAttrs
      isAttrs
      listToAttrs
      mapAttrs
      removeAttrs
      ;

    /**
      The value at a path, or the default where the path ends early.

      # Type
      `attrByPath :: [String] -> a -> AttrSet -> a`

      # Example
      lib.attrByPath [ "a" "b" ] 6 { a.b = 3; }
      => 3
    */
    attrByPath =
      path: default: set:
      let
        depth = length path;
        descend =
          at: value:
          if at == depth then
            value
          else
            let
              name = elemAt path at;
            in
            if value ? ${name} then descend (at + 1) value.${name} else default;
      in
      descend 0 set;

    /**
      Whether a path leads to a value.

      # Type
      `hasAttrByPath :: [String] -> AttrSet -> Bool`

      # Example
      lib.hasAttrByPath [ "a" "b" ] { a.b = 3; }
      => true
    */
    hasAttrByPath =
      path: set: length (attrsets.longestValidPathPrefix path set) == length path;

    /**
      As much of a path as there is in an attribute set.

      # Type
      `longestValidPathPrefix :: [String] -> AttrSet -> [String]`

      # Example
      lib.attrsets.longestValidPathPrefix [ "a" "b" "c" ] { a.b = 3; }
      => [ "a" "b" ]
    */
    longestValidPathPrefix =
      path: set:
      let
        depth = length path;
        reach =
          at: value:
          if at < depth && value ? ${elemAt path at} then
            reach (at + 1) value.${elemAt path at}
          else
            at;
        reached = reach 0 set;
      in
      if reached == depth then path else take reached path;

    /**
      An attribute set with one value, at a path.

      # Type
      `setAttrByPath :: [String] -> a -> AttrSet`

      # Example
      lib.setAttrByPath [ "a" "b" ] 3
      => { a = { b = 3; }; }
    */
    setAttrByPath =
      path: value:
      let
        depth = length path;
        wrap = at: if at == depth then value else { ${elemAt path at} = wrap (at + 1); };
      in
      wrap 0;

    /**
      The value at a path; an error that cannot be caught where there is none.

      # Type
      `getAttrFromPath :: [String] -> AttrSet -> a`

      # Example
      lib.getAttrFromPath [ "a" "b" ] { a.b = 3; }
      => 3
    */
    getAttrFromPath =
      path:
      attrsets.attrByPath path (
        abort "cannot find attribute '${builtins.concatStringsSep "." path}'"
      );

    /**
      Maps every attribute to an attribute set and merges these, later names first in case of clash.

      # Type
      `concatMapAttrs :: (String -> a -> AttrSet) -> AttrSet -> AttrSet`

      # Example
      lib.concatMapAttrs (name: value: { ${name} = value; ${name + value} = value; }) { x = "a"; }
      => { x = "a"; xa = "a"; }
    */
    concatMapAttrs = function: set: attrsets.mergeAttrsList (attrValues (mapAttrs function set));

    /**
      Applies updates `{ path, update }` to the values at their paths, deeper paths first. A value is
      asked for only when its update uses it, so paths may be new.

      # Type
      `updateManyAttrsByPath :: [ { path :: [String]; update :: a -> b; } ] -> AttrSet -> AttrSet`

      # Example
      lib.updateManyAttrsByPath [ { path = [ "a" "b" ]; update = old: old + 1; } ] { a.b = 3; }
      => { a = { b = 4; }; }
    */
    updateManyAttrsByPath = import ./update-by-path.nix { inherit lib; };

    /**
      The values of the given names, in their order.

      # Type
      `attrVals :: [String] -> AttrSet -> [a]`

      # Example
      lib.attrVals [ "b" "a" ] { a = 1; b = 2; }
      => [ 2 1 ]
    */
    attrVals = names: set: map (name: set.${name}) names;

    /**
      The part of an attribute set with the given names, all of which must exist.

      # Type
      `getAttrs :: [String] -> AttrSet -> AttrSet`

      # Example
      lib.getAttrs [ "a" ] { a = 1; b = 2; }
      => { a = 1; }
    */
    getAttrs = names: set: attrsets.genAttrs names (name: set.${name});

    /**
      The attributes that satisfy a predicate over name and value.

      # Type
      `filterAttrs :: (String -> a -> Bool) -> AttrSet -> AttrSet`

      # Example
      lib.filterAttrs (name: value: value > 1) { a = 1; b = 2; }
      => { b = 2; }
    */
    filterAttrs =
      keep: set:
      let
        dropped = filter (name: !keep name set.${name}) (attrNames set);
      in
      if dropped == [ ] then set else removeAttrs set dropped;

    /**
      `filterAttrs` at every level: nested attribute sets that are kept are filtered too.

      # Type
      `filterAttrsRecursive :: (String -> a -> Bool) -> AttrSet -> AttrSet`

      # Example
      lib.filterAttrsRecursive (name: value: value != null) { a.x = null; b = 2; }
      => { a = { }; b = 2; }
    */
    filterAttrsRecursive =
      keep: set:
      mapAttrs (_: value: if isAttrs value then attrsets.filterAttrsRecursive keep value else value) (
        attrsets.filterAttrs keep set
      );

    /**
      Folds over the attributes in the order of their names, strictly.

      # Type
      `foldlAttrs :: (a -> String -> b -> a) -> a -> AttrSet -> a`

      # Example
      lib.foldlAttrs (sum: name: value: sum + value) 0 { a = 1; b = 2; }
      => 3
    */
    foldlAttrs =
      function: start: set:
      lib.lists.foldl' (result: name: function result name set.${name}) start (attrNames set);

    /**
      Folds, for each name, over the values that the attribute sets of a list have for it.

      # Type
      `foldAttrs :: (a -> b -> b) -> b -> [AttrSet] -> AttrSet`

      # Example
      lib.foldAttrs (item: rest: [ item ] ++ rest) [ ] [ { a = 2; } { a = 3; } ]
      => { a = [ 2 3 ]; }
    */
    foldAttrs = function: start: attrsets.zipAttrsWith (_: foldr function start);

    /**
      The values at any depth that satisfy a predicate; what satisfies it is not searched further.

      # Type
      `collect :: (a -> Bool) -> AttrSet -> [a]`

      # Example
      lib.collect builtins.isList { a.b = [ 1 ]; c = [ 2 ]; }
      => [ [ 1 ] [ 2 ] ]
    */
    collect =
      isWanted: value:
      if isWanted value then
        [ value ]
      else if isAttrs value then
        concatMap (attrsets.collect isWanted) (attrValues value)
      else
        [ ];

    /**
      All combinations of the values in a set of lists; the last name varies fastest.

      # Type
      `cartesianProduct :: { String = [a]; } -> [AttrSet]`

      # Example
      lib.cartesianProduct { a = [ 1 2 ]; b = [ 3 ]; }
      => [ { a = 1; b = 3; } { a = 2; b = 3; } ]
    */
    cartesianProduct =
      lists:
      let
        addName =
          combinations: name:
          concatMap (
            combination: map (value: combination // { ${name} = value; }) lists.${name}
          ) combinations;
      in
      foldl' addName [ { } ] (attrNames lists);

    /**
      A function applied to every combination that `cartesianProduct` gives.

      # Type
      `mapCartesianProduct :: (AttrSet -> b) -> { String = [a]; } -> [b]`

      # Example
      lib.mapCartesianProduct ({ a, b }: "${a}-${b}") { a = [ "1" "2" ]; b = [ "3" ]; }
      => [ "1-3" "2-3" ]
    */
    mapCartesianProduct = function: lists: map function (attrsets.cartesianProduct lists);

    /**
      A pair as `listToAttrs` takes it.

      # Type
      `nameValuePair :: String -> a -> { name :: String; value :: a; }`

      # Example
      lib.nameValuePair "some" 6
      => { name = "some"; value = 6; }
    */
    nameValuePair = name: value: { inherit name value; };

    /**
      Maps every attribute to a pair of name and value, and makes a set of these.

      # Type
      `mapAttrs' :: (String -> a -> { name :: String; value :: b; }) -> AttrSet -> AttrSet`

      # Example
      lib.mapAttrs' (name: value: lib.nameValuePair ("foo_" + name) value) { x = 1; }
      => { foo_x = 1; }
    */
    mapAttrs' = function: set: listToAttrs (attrsets.mapAttrsToList function set);

    /**
      The results of a function over names and values, in the order of the names.

      # Type
      `mapAttrsToList :: (String -> a -> b) -> AttrSet -> [b]`

      # Example
      lib.mapAttrsToList (name: value: name + value) { x = "a"; y = "b"; }
      => [ "xa" "yb" ]
    */
    mapAttrsToList = function: set: attrValues (mapAttrs function set);

    /**
      The attributes as pairs of name and value.

      # Type
      `attrsToList :: AttrSet -> [ { name :: String; value :: a; } ]`

      # Example
      lib.attrsToList { a = 1; }
      => [ { name = "a"; value = 1; } ]
    */
    attrsToList = attrsets.mapAttrsToList attrsets.nameValuePair;

    /**
      Maps the leaves of nested attribute sets by a function of their path and value.

      # Type
      `mapAttrsRecursive :: ([String] -> a -> b) -> AttrSet -> AttrSet`

      # Example
      lib.mapAttrsRecursive (path: value: builtins.concatStringsSep "-" (path ++ [ value ])) { a.b = "c"; }
      => { a = { b = "a-b-c"; }; }
    */
    mapAttrsRecursive = attrsets.mapAttrsRecursiveCond (_: true);

    /**
      `mapAttrsRecursive` that treats attribute sets which fail the condition as leaves.

      # Type
      `mapAttrsRecursiveCond :: (AttrSet -> Bool) -> ([String] -> a -> b) -> AttrSet -> AttrSet`

      # Example
      lib.mapAttrsRecursiveCond (set: !(set ? leaf)) (path: value: path) { a.b.leaf = 1; }
      => { a = { b = [ "a" "b" ]; }; }
    */
    mapAttrsRecursiveCond =
      isBranch: function:
      let
        walk =
          above:
          mapAttrs (
            name: value:
            let
              path = above ++ [ name ];
            in
            if isAttrs value && isBranch value then walk path value else function path value
          );
      in
      walk [ ];

    /**
      The results of a function over path and value of every leaf.

      # Type
      `mapAttrsToListRecursive :: ([String] -> a -> b) -> AttrSet -> [b]`

      # Example
      lib.mapAttrsToListRecursive (path: value: path ++ [ value ]) { a.b = "c"; }
      => [ [ "a" "b" "c" ] ]
    */
    mapAttrsToListRecursive = attrsets.mapAttrsToListRecursiveCond (_: _: true);

    /**
      `mapAttrsToListRecursive` that descends only where the predicate over path and set holds.

      # Type
      `mapAttrsToListRecursiveCond :: ([String] -> AttrSet -> Bool) -> ([String] -> a -> b) -> AttrSet -> [b]`

      # Example
      lib.mapAttrsToListRecursiveCond (path: set: path == [ "a" ]) (path: value: path) { a.b.c = 1; }
      => [ [ "a" "b" ] ]
    */
    mapAttrsToListRecursiveCond =
      isBranch: function:
      let
        walk =
          above: set:
          concatMap (
            name:
            let
              path = above ++ [ name ];
              value = set.${name};
            in
            if isAttrs value && isBranch path value then walk path value else [ (function path value) ]
          ) (attrNames set);
      in
      walk [ ];

    /**
      An attribute set with the given names and the values a function makes of them.

      # Type
      `genAttrs :: [String] -> (String -> a) -> AttrSet`

      # Example
      lib.genAttrs [ "foo" "bar" ] (name: "x_" + name)
      => { bar = "x_bar"; foo = "x_foo"; }
    */
    genAttrs =
      names: function:
      listToAttrs (
        map (name: {
          inherit name;
          value = function name;
        }) names
      );

    /**
      An attribute set of the pairs that a function makes of the elements of a list.

      # Type
      `genAttrs' :: [a] -> (a -> { name :: String; value :: b; }) -> AttrSet`

      # Example
      lib.genAttrs' [ "foo" ] (s: lib.nameValuePair ("x_" + s) s)
      => { x_foo = "foo"; }
    */
    genAttrs' = elements: function: listToAttrs (map function elements);

    /**
      The attribute set if the condition holds, else the empty one.

      # Type
      `optionalAttrs :: Bool -> AttrSet -> AttrSet`

      # Example
      lib.optionalAttrs false { a = 1; }
      => { }
    */
    optionalAttrs = condition: set: if condition then set else { };

    /**
      Merges the given names of a list of sets: a function of a name and its values.

      # Type
      `zipAttrsWithNames :: [String] -> (String -> [a] -> b) -> [AttrSet] -> AttrSet`

      # Example
      lib.zipAttrsWithNames [ "a" ] (name: values: values) [ { a = "x"; } { a = "y"; b = "z"; } ]
      => { a = [ "x" "y" ]; }
    */
    zipAttrsWithNames =
      names: function: sets:
      attrsets.genAttrs names (name: function name (catAttrs name sets));

    /**
      Merges a list of sets by a function of each name and its values.

      # Type
      `zipAttrsWith :: (String -> [a] -> b) -> [AttrSet] -> AttrSet`

      # Example
      lib.zipAttrsWith (name: values: values) [ { a = "x"; } { a = "y"; b = "z"; } ]
      => { a = [ "x" "y" ]; b = [ "z" ]; }
    */
    zipAttrsWith =
      builtins.zipAttrsWith or (
        function: sets: attrsets.zipAttrsWithNames (concatMap attrNames sets) function sets
      );

    /**
      Merges a list of sets into one set of lists.

      # Type
      `zipAttrs :: [AttrSet] -> { String = [a]; }`

      # Example
      lib.zipAttrs [ { a = "x"; } { a = "y"; } ]
      => { a = [ "x" "y" ]; }
    */
    zipAttrs = attrsets.zipAttrsWith (_: values: values);

    /**
      `//` over a list of sets, in halves: it costs n log n and not n².

      # Type
      `mergeAttrsList :: [AttrSet] -> AttrSet`

      # Example
      lib.attrsets.mergeAttrsList [ { a = 1; } { b = 2; } { a = 3; } ]
      => { a = 3; b = 2; }
    */
    mergeAttrsList =
      sets:
      let
        merge =
          from: count:
          if count == 1 then
            elemAt sets from
          else
            let
              half = count / 2;
            in
            merge from half // merge (from + half) (count - half);
      in
      if sets == [ ] then { } else merge 0 (length sets);

    /**
      Merges two nested sets; where the predicate over path, left and right holds, the right value is
      taken whole.

      # Type
      `recursiveUpdateUntil :: ([String] -> AttrSet -> AttrSet -> Bool) -> AttrSet -> AttrSet -> AttrSet`

      # Example
      lib.recursiveUpdateUntil (path: l: r: path == [ "a" ]) { a.b = 1; c.d = 1; } { a.x = 2; c.e = 2; }
      => { a = { x = 2; }; c = { d = 1; e = 2; }; }
    */
    recursiveUpdateUntil =
      stops:
      let
        merge =
          above: left: right:
          left
          // mapAttrs (
            name: value:
            let
              path = above ++ [ name ];
            in
            if !(left ? ${name}) || stops path left.${name} value then
              value
            else
              merge path left.${name} value
          ) right;
      in
      merge [ ];

    /**
      Merges two nested sets; where one side is no set, the right value is taken.

      # Type
      `recursiveUpdate :: AttrSet -> AttrSet -> AttrSet`

      # Example
      lib.recursiveUpdate { a.b = 1; a.c = 1; } { a.b = 2; }
      => { a = { b = 2; c = 1; }; }
    */
    recursiveUpdate =
      let
        merge =
          left: right:
          left
          // mapAttrs (
            name: value:
            if left ? ${name} && isAttrs value && isAttrs left.${name} then
              merge left.${name} value
            else
              value
          ) right;
      in
      merge;

    /**
      Whether every attribute of a pattern, at any depth, is in the set with the same value.

      # Type
      `matchAttrs :: AttrSet -> AttrSet -> Bool`

      # Example
      lib.matchAttrs { cpu.bits = 64; } { cpu = { bits = 64; family = "x86"; }; }
      => true
    */
    matchAttrs =
      pattern: set:
      assert isAttrs pattern;
      let
        matches =
          name:
          let
            wanted = pattern.${name};
            found = set.${name};
          in
          set ? ${name}
          && (if isAttrs wanted then isAttrs found && attrsets.matchAttrs wanted found else wanted == found);
      in
      builtins.all matches (attrNames pattern);

    /**
      The first set with values of the second where both have the name.

      # Type
      `overrideExisting :: AttrSet -> AttrSet -> AttrSet`

      # Example
      lib.overrideExisting { a = 1; b = 2; } { b = 3; c = 4; }
      => { a = 1; b = 3; }
    */
    overrideExisting = old: new: old // intersectAttrs old new;

    /**
      A path as it is written in the language.

      # Type
      `showAttrPath :: [String] -> String`

      # Example
      lib.showAttrPath [ "foo" "10" "bar" ]
      => "foo.\"10\".bar"
    */
    showAttrPath =
      path:
      if path == [ ] then
        "<root attribute path>"
      else
        lib.strings.concatMapStringsSep "." lib.strings.escapeNixIdentifier path;

    /**
      Marks a set so that package tools look for derivations in it.

      # Type
      `recurseIntoAttrs :: AttrSet -> AttrSet`

      # Example
      lib.recurseIntoAttrs { a = 1; }
      => { a = 1; recurseForDerivations = true; }
    */
    recurseIntoAttrs = set: set // { recurseForDerivations = true; };

    /**
      Marks a set so that package tools pass it by.

      # Type
      `dontRecurseIntoAttrs :: AttrSet -> AttrSet`

      # Example
      lib.dontRecurseIntoAttrs { a = 1; }
      => { a = 1; recurseForDerivations = false; }
    */
    dontRecurseIntoAttrs = set: set // { recurseForDerivations = false; };

    /**
      `//` for sets that should share no name: a shared attribute is an error when it is used.

      # Type
      `unionOfDisjoint :: AttrSet -> AttrSet -> AttrSet`

      # Example
      lib.attrsets.unionOfDisjoint { a = 1; } { b = 2; }
      => { a = 1; b = 2; }
    */
    unionOfDisjoint =
      left: right:
      let
        shared = intersectAttrs left right;
        names = builtins.concatStringsSep " " (attrNames shared);
        clash = name: throw "unionOfDisjoint: collision on ${name}; complete list: ${names}";
      in
      left // right // mapAttrs (name: _: clash name) shared;
  };
in
attrsets
