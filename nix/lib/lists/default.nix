# Lists: folding, searching, slicing, sorting, and lists as sets.
{ lib }:
let
  inherit (builtins)
    all
    any
    attrNames
    attrValues
    concatLists
    concatMap
    elem
    elemAt
    filter
    genList
    head
    isList
    length
    mapAttrs
    tail
    ;
  inherit (lib.asserts) assertMsg;
  inherit (lib.trivial) id max min;

  order = import ./order.nix { inherit lib; };

  lists = order // {
    inherit (builtins)
      all
      any
      concatLists
      concatMap
      elem
      elemAt
      filter
      genList
      head
      isList
      length
      map
      partition
      sort
      tail
      ;

    /**
      A list of one element.

      # Type
      `singleton :: a -> [a]`

      # Example
      lib.singleton "foo"
      => [ "foo" ]
    */
    singleton = element: [ element ];

    /**
      `map` with the list first.

      # Type
      `forEach :: [a] -> (a -> b) -> [b]`

      # Example
      lib.forEach [ 1 2 ] toString
      => [ "1" "2" ]
    */
    forEach = list: function: map function list;

    /**
      Folds from the right; as lazy as the function is in its second argument.

      # Type
      `foldr :: (a -> b -> b) -> b -> [a] -> b`

      # Example
      lib.foldr (a: b: a + b) "z" [ "a" "b" ]
      => "abz"
    */
    foldr =
      function: start: list:
      let
        end = length list;
        from = at: if at == end then start else function (elemAt list at) (from (at + 1));
      in
      from 0;

    /**
      Deprecated name of `foldr`.

      # Example
      lib.lists.fold (x: acc: [ x ] ++ acc) [ ] [ 1 2 ]
      => [ 1 2 ]
    */
    fold = lib.trivial.warn "lib.fold is an old name: write lib.foldr." lists.foldr;

    /**
      Folds from the left, lazily. See `foldl'` for the one that needs no stack.

      # Type
      `foldl :: (b -> a -> b) -> b -> [a] -> b`

      # Example
      lib.foldl (a: b: a + b) "z" [ "a" "b" ]
      => "zab"
    */
    foldl =
      function: start: list:
      let
        upTo = count: if count == 0 then start else function (upTo (count - 1)) (elemAt list (count - 1));
      in
      upTo (length list);

    /**
      Folds from the left, evaluating every intermediate result and the start value.

      # Type
      `foldl' :: (b -> a -> b) -> b -> [a] -> b`

      # Example
      lib.foldl' (a: b: a + b) 0 [ 1 2 3 ]
      => 6
    */
    foldl' =
      function: start:
      builtins.seq start (builtins.foldl' function start);

    /**
      Maps with the index, counted from 0.

      # Type
      `imap0 :: (Int -> a -> b) -> [a] -> [b]`

      # Example
      lib.imap0 (i: v: "${v}-${toString i}") [ "a" "b" ]
      => [ "a-0" "b-1" ]
    */
    imap0 = function: list: genList (at: function at (elemAt list at)) (length list);

    /**
      Maps with the index, counted from 1.

      # Type
      `imap1 :: (Int -> a -> b) -> [a] -> [b]`

      # Example
      lib.imap1 (i: v: "${v}-${toString i}") [ "a" "b" ]
      => [ "a-1" "b-2" ]
    */
    imap1 = function: list: genList (at: function (at + 1) (elemAt list at)) (length list);

    /**
      The elements that satisfy a predicate over index (from 0) and element.

      # Type
      `ifilter0 :: (Int -> a -> Bool) -> [a] -> [a]`

      # Example
      lib.ifilter0 (i: v: i == 0 || v > 2) [ 1 2 3 ]
      => [ 1 3 ]
    */
    ifilter0 =
      keep: list:
      map (elemAt list) (filter (at: keep at (elemAt list at)) (genList id (length list)));

    /**
      Nested lists as one flat list; what is no list becomes a list of one.

      # Type
      `flatten :: [a | [a | ...]] -> [a]`

      # Example
      lib.flatten [ 1 [ 2 [ 3 ] ] ]
      => [ 1 2 3 ]
    */
    flatten = value: if isList value then concatMap lists.flatten value else [ value ];

    /**
      A list without the elements equal to a value.

      # Type
      `remove :: a -> [a] -> [a]`

      # Example
      lib.remove 3 [ 1 3 4 3 ]
      => [ 1 4 ]
    */
    remove = unwanted: filter (element: element != unwanted);

    /**
      The one element that satisfies a predicate; a default for none, another for several.

      # Type
      `findSingle :: (a -> Bool) -> a -> a -> [a] -> a`

      # Example
      lib.findSingle (x: x == 3) "none" "many" [ 1 3 9 ]
      => 3
    */
    findSingle =
      isWanted: none: many: list:
      let
        found = filter isWanted list;
      in
      if found == [ ] then
        none
      else if length found == 1 then
        head found
      else
        many;

    /**
      The index of the first element that satisfies a predicate, or a default.

      # Type
      `findFirstIndex :: (a -> Bool) -> b -> [a] -> Int | b`

      # Example
      lib.lists.findFirstIndex (x: x > 3) null [ 1 6 4 ]
      => 1
    */
    findFirstIndex =
      isWanted: default: list:
      let
        # A fold and not a recursion, so that a long list needs no stack. -1: not yet found.
        step =
          found: at:
          if found >= 0 then
            found
          else if isWanted (elemAt list at) then
            at
          else
            found;
        index = builtins.foldl' step (-1) (genList id (length list));
      in
      if index < 0 then default else index;

    /**
      The first element that satisfies a predicate, or a default.

      # Type
      `findFirst :: (a -> Bool) -> a -> [a] -> a`

      # Example
      lib.findFirst (x: x > 3) 7 [ 1 6 4 ]
      => 6
    */
    findFirst =
      isWanted: default: list:
      let
        index = lists.findFirstIndex isWanted (-1) list;
      in
      if index < 0 then default else elemAt list index;

    /**
      How many elements satisfy a predicate.

      # Type
      `count :: (a -> Bool) -> [a] -> Int`

      # Example
      lib.count (x: x == 3) [ 3 2 3 4 ]
      => 2
    */
    count = isWanted: list: length (filter isWanted list);

    /**
      A list of the element if the condition holds, else the empty list.

      # Type
      `optional :: Bool -> a -> [a]`

      # Example
      lib.optional true "foo"
      => [ "foo" ]
    */
    optional = condition: element: if condition then [ element ] else [ ];

    /**
      The list if the condition holds, else the empty list.

      # Type
      `optionals :: Bool -> [a] -> [a]`

      # Example
      lib.optionals false [ 2 3 ]
      => [ ]
    */
    optionals = condition: elements: if condition then elements else [ ];

    /**
      A list unchanged, anything else as a list of one.

      # Type
      `toList :: a | [a] -> [a]`

      # Example
      lib.toList "hi"
      => [ "hi" ]
    */
    toList = value: if isList value then value else [ value ];

    /**
      The integers from first to last, both included.

      # Type
      `range :: Int -> Int -> [Int]`

      # Example
      lib.range 2 4
      => [ 2 3 4 ]
    */
    range = first: last: if last < first then [ ] else genList (at: at + first) (last - first + 1);

    /**
      A list of n equal elements.

      # Type
      `replicate :: Int -> a -> [a]`

      # Example
      lib.replicate 3 "a"
      => [ "a" "a" "a" ]
    */
    replicate = count: element: genList (_: element) count;

    /**
      Groups the elements by the string a function gives for each.

      # Type
      `groupBy :: (a -> String) -> [a] -> { String = [a]; }`

      # Example
      lib.groupBy (x: if x > 2 then "big" else "small") [ 5 1 2 ]
      => { big = [ 5 ]; small = [ 1 2 ]; }
    */
    groupBy =
      builtins.groupBy or (
        keyOf: list:
        mapAttrs (_: map (entry: entry.element)) (
          lib.attrsets.zipAttrs (map (element: { ${keyOf element} = { inherit element; }; }) list)
        )
      );

    /**
      `groupBy` that folds every group from the left.

      # Type
      `groupBy' :: (b -> a -> b) -> b -> (a -> String) -> [a] -> { String = b; }`

      # Example
      lib.groupBy' builtins.add 0 (x: if x > 2 then "big" else "small") [ 5 1 2 ]
      => { big = 5; small = 3; }
    */
    groupBy' =
      function: start: keyOf: list:
      mapAttrs (_: lists.foldl function start) (lists.groupBy keyOf list);

    /**
      Joins two lists element by element by a function; the shorter one decides the length.

      # Type
      `zipListsWith :: (a -> b -> c) -> [a] -> [b] -> [c]`

      # Example
      lib.zipListsWith (a: b: a + b) [ "h" "l" ] [ "e" "o" ]
      => [ "he" "lo" ]
    */
    zipListsWith =
      function: left: right:
      genList (at: function (elemAt left at) (elemAt right at)) (min (length left) (length right));

    /**
      Joins two lists to a list of pairs `{ fst, snd }`.

      # Type
      `zipLists :: [a] -> [b] -> [ { fst :: a; snd :: b; } ]`

      # Example
      lib.zipLists [ 1 ] [ "a" ]
      => [ { fst = 1; snd = "a"; } ]
    */
    zipLists = lists.zipListsWith (fst: snd: { inherit fst snd; });

    /**
      The elements in reverse order.

      # Type
      `reverseList :: [a] -> [a]`

      # Example
      lib.reverseList [ "b" "o" "j" ]
      => [ "j" "o" "b" ]
    */
    reverseList =
      list:
      let
        last = length list - 1;
      in
      genList (at: elemAt list (last - at)) (last + 1);

    /**
      The first n elements.

      # Type
      `take :: Int -> [a] -> [a]`

      # Example
      lib.take 2 [ "a" "b" "c" ]
      => [ "a" "b" ]
    */
    take = lists.sublist 0;

    /**
      The last n elements.

      # Type
      `takeEnd :: Int -> [a] -> [a]`

      # Example
      lib.takeEnd 2 [ "a" "b" "c" ]
      => [ "b" "c" ]
    */
    takeEnd = count: list: lists.drop (max 0 (length list - count)) list;

    /**
      All but the first n elements.

      # Type
      `drop :: Int -> [a] -> [a]`

      # Example
      lib.drop 2 [ "a" "b" "c" ]
      => [ "c" ]
    */
    drop = count: list: lists.sublist count (length list) list;

    /**
      All but the last n elements.

      # Type
      `dropEnd :: Int -> [a] -> [a]`

      # Example
      lib.dropEnd 2 [ "a" "b" "c" ]
      => [ "a" ]
    */
    dropEnd = count: list: lists.take (max 0 (length list - count)) list;

    /**
      Whether the second list begins with the first.

      # Type
      `hasPrefix :: [a] -> [a] -> Bool`

      # Example
      lib.lists.hasPrefix [ 1 2 ] [ 1 2 3 ]
      => true
    */
    hasPrefix = prefix: list: lists.take (length prefix) list == prefix;

    /**
      The second list without the first at its beginning; an error if it does not begin with it.

      # Type
      `removePrefix :: [a] -> [a] -> [a]`

      # Example
      lib.lists.removePrefix [ 1 2 ] [ 1 2 3 ]
      => [ 3 ]
    */
    removePrefix =
      prefix: list:
      if lists.hasPrefix prefix list then
        lists.drop (length prefix) list
      else
        throw "lib.lists.removePrefix: First argument is not a list prefix of the second argument";

    /**
      At most `count` elements from an index on.

      # Type
      `sublist :: Int -> Int -> [a] -> [a]`

      # Example
      lib.sublist 1 3 [ "a" "b" "c" "d" "e" ]
      => [ "b" "c" "d" ]
    */
    sublist =
      start: count: list:
      let
        available = max 0 (length list - start);
      in
      genList (at: elemAt list (start + at)) (max 0 (min count available));

    /**
      What two lists have in common at their beginning.

      # Type
      `commonPrefix :: [a] -> [a] -> [a]`

      # Example
      lib.lists.commonPrefix [ 1 2 3 ] [ 1 2 5 ]
      => [ 1 2 ]
    */
    commonPrefix =
      left: right:
      let
        differs = lists.zipListsWith (l: r: l != r) left right;
      in
      lists.take (lists.findFirstIndex id (length differs) differs) left;

    /**
      The last element.

      # Type
      `last :: [a] -> a`

      # Example
      lib.last [ 1 2 3 ]
      => 3
    */
    last =
      list:
      assert assertMsg (list != [ ]) "lists.last: list must not be empty!";
      elemAt list (length list - 1);

    /**
      All but the last element.

      # Type
      `init :: [a] -> [a]`

      # Example
      lib.init [ 1 2 3 ]
      => [ 1 2 ]
    */
    init =
      list:
      assert assertMsg (list != [ ]) "lists.init: list must not be empty!";
      lists.dropEnd 1 list;

    /**
      A function of n arguments applied to every combination of the elements of n lists. Prefer
      `mapCartesianProduct`, which names the arguments.

      # Type
      `crossLists :: (a -> b -> ... -> c) -> [ [a] [b] ... ] -> [c]`

      # Example
      lib.crossLists (x: y: "${toString x}${toString y}") [ [ 1 2 ] [ 3 4 ] ]
      => [ "13" "14" "23" "24" ]
    */
    crossLists =
      function: builtins.foldl' (functions: list: concatMap (f: map f list) functions) [ function ];

    /**
      The elements without repetitions, in the order of first occurrence. It compares each with each:
      for strings see `uniqueStrings`.

      # Type
      `unique :: [a] -> [a]`

      # Example
      lib.unique [ 3 2 3 4 ]
      => [ 3 2 4 ]
    */
    unique = lists.foldl' (seen: element: if elem element seen then seen else seen ++ [ element ]) [ ];

    /**
      The strings without repetitions, sorted; fast.

      # Type
      `uniqueStrings :: [String] -> [String]`

      # Example
      lib.uniqueStrings [ "foo" "bar" "foo" ]
      => [ "bar" "foo" ]
    */
    uniqueStrings = strings: attrNames (lists.groupBy id strings);

    /**
      Whether no element occurs twice.

      # Type
      `allUnique :: [a] -> Bool`

      # Example
      lib.allUnique [ 3 2 3 ]
      => false
    */
    allUnique = list: length (lists.unique list) == length list;

    /**
      The elements of the second list that are in the first too.

      # Type
      `intersectLists :: [a] -> [a] -> [a]`

      # Example
      lib.intersectLists [ 1 2 3 ] [ 6 3 2 ]
      => [ 3 2 ]
    */
    intersectLists = wanted: filter (element: elem element wanted);

    /**
      The elements of the second list that are not in the first.

      # Type
      `subtractLists :: [a] -> [a] -> [a]`

      # Example
      lib.subtractLists [ 3 2 ] [ 1 2 3 4 ]
      => [ 1 4 ]
    */
    subtractLists = unwanted: filter (element: !elem element unwanted);

    /**
      Whether two lists share no element.

      # Type
      `mutuallyExclusive :: [a] -> [a] -> Bool`

      # Example
      lib.mutuallyExclusive [ 1 2 ] [ 3 ]
      => true
    */
    mutuallyExclusive = left: right: left == [ ] || !any (element: elem element left) right;

    /**
      The lists of an attribute set joined, in the order of the names.

      # Type
      `concatAttrValues :: { String = [a]; } -> [a]`

      # Example
      lib.concatAttrValues { b = [ 2 ]; a = [ 1 ]; }
      => [ 1 2 ]
    */
    concatAttrValues = set: concatLists (attrValues set);

    /**
      A list with the element at an index replaced.

      # Type
      `replaceElemAt :: [a] -> Int -> a -> [a]`

      # Example
      lib.replaceElemAt [ "a" "b" "c" ] 1 "x"
      => [ "a" "x" "c" ]
    */
    replaceElemAt =
      list: index: replacement:
      let
        size = length list;
      in
      assert assertMsg (0 <= index && index < size)
        "'lists.replaceElemAt' called with index ${toString index} on a list of size ${toString size}";
      lists.imap0 (at: element: if at == index then replacement else element) list;
  };
in
lists
