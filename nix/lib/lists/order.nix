# Orders over the elements of lists (part of `lib.lists`).
{ lib }:
let
  inherit (builtins)
    elemAt
    filter
    head
    isList
    length
    partition
    sort
    tail
    ;
  inherit (lib.lists) reverseList;
  inherit (lib.trivial) compare min;

  # Sorts by a key that is computed once per element.
  sortByKey =
    isLess: keyOf: list:
    let
      keyed = map (element: {
        key = keyOf element;
        inherit element;
      }) list;
    in
    map (entry: entry.element) (sort (left: right: isLess left.key right.key) keyed);

  order = {
    /**
      Depth-first search along a partial order for an element that nothing comes before. Gives
      `{ minimal, visited, rest }`, or `{ cycle, loops, visited, rest }` when asked to stop at cycles.

      # Type
      `listDfs :: Bool -> (a -> a -> Bool) -> [a] -> AttrSet`

      # Example
      (lib.listDfs true (a: b: a == 1 && b == 2) [ 2 1 ]).minimal
      => 1
    */
    listDfs =
      stopsAtCycles: isBefore: list:
      let
        descend =
          here: visited: rest:
          let
            loops = filter (element: isBefore element here) visited;
            around = partition (element: isBefore element here) rest;
          in
          if stopsAtCycles && loops != [ ] then
            {
              cycle = here;
              inherit loops visited rest;
            }
          else if around.right == [ ] then
            {
              minimal = here;
              inherit visited rest;
            }
          else
            descend (head around.right) ([ here ] ++ visited) (tail around.right ++ around.wrong);
      in
      descend (head list) [ ] (tail list);

    /**
      Sorts by a partial order: `{ result }`, or `{ cycle, loops }` if there is none such.

      # Type
      `toposort :: (a -> a -> Bool) -> [a] -> { result :: [a]; } | { cycle :: [a]; loops :: [a]; }`

      # Example
      lib.toposort (a: b: a < b) [ 3 2 1 ]
      => { result = [ 1 2 3 ]; }
    */
    toposort =
      isBefore: list:
      let
        extract =
          sorted: remaining:
          let
            found = order.listDfs true isBefore remaining;
          in
          if length remaining < 2 then
            { result = sorted ++ remaining; }
          else if found ? cycle then
            {
              cycle = reverseList ([ found.cycle ] ++ found.visited);
              inherit (found) loops;
            }
          else
            extract (sorted ++ [ found.minimal ]) (found.visited ++ found.rest);
      in
      extract [ ] list;

    /**
      Sorts by what a function makes of each element.

      # Type
      `sortOn :: (a -> b) -> [a] -> [a]`

      # Example
      lib.sortOn builtins.stringLength [ "aaa" "b" "cc" ]
      => [ "b" "cc" "aaa" ]
    */
    sortOn = sortByKey (left: right: left < right);

    /**
      Compares two lists element by element: the first difference decides, then the length.

      # Type
      `compareLists :: (a -> a -> Int) -> [a] -> [a] -> Int`

      # Example
      lib.compareLists lib.compare [ 1 2 ] [ 1 3 ]
      => -1
    */
    compareLists =
      compareElements: left: right:
      let
        shared = min (length left) (length right);
        from =
          at:
          if at == shared then
            compare (length left) (length right)
          else
            let
              result = compareElements (elemAt left at) (elemAt right at);
            in
            if result == 0 then from (at + 1) else result;
      in
      from 0;

    /**
      Sorts strings as people do: numbers in them by their value.

      # Type
      `naturalSort :: [String] -> [String]`

      # Example
      lib.naturalSort [ "disk11" "disk8" "disk100" ]
      => [ "disk8" "disk11" "disk100" ]
    */
    naturalSort =
      let
        # Text and numbers alternate, so elements at equal places have equal types.
        toKey =
          string:
          map (part: if isList part then lib.strings.toInt (head part) else part) (
            builtins.split "(0|[1-9][0-9]*)" string
          );
      in
      sortByKey (left: right: order.compareLists compare left right < 0) toKey;
  };
in
order
