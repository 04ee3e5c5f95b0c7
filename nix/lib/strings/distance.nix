# How similar two strings are: what suggestions for misspelt names are made with.
{ lib }:
let
  inherit (builtins)
    elemAt
    foldl'
    genList
    length
    stringLength
    substring
    ;
  inherit (lib.lists) findFirstIndex range;
  inherit (lib.strings) stringToCharacters;
  inherit (lib.trivial) id max min;

  # The length of the longest run over which two character functions agree.
  agreement =
    limit: isEqualAt: findFirstIndex (at: !isEqualAt at) limit (genList id limit);

  distance = {
    /**
      The least number of insertions, deletions and replacements of single characters that make one
      string of another.

      # Type
      `levenshtein :: String -> String -> Int`

      # Example
      lib.strings.levenshtein "book" "back"
      => 2
    */
    levenshtein =
      left: right:
      let
        columns = stringToCharacters right;
        # Row i of the usual table: distances of the first i characters to every prefix of `right`.
        firstRow = genList id (stringLength right + 1);
        nextRow =
          above: char:
          let
            start = [ (elemAt above 0 + 1) ];
            cell =
              row: at:
              let
                replaced = elemAt above at + (if elemAt columns at == char then 0 else 1);
                inserted = elemAt row at + 1;
                deleted = elemAt above (at + 1) + 1;
                value = min replaced (min inserted deleted);
              in
              builtins.seq value (row ++ [ value ]);
          in
          foldl' cell start (genList id (length columns));
        lastRow = foldl' nextRow firstRow (stringToCharacters left);
      in
      elemAt lastRow (stringLength right);

    /**
      How many characters two strings have in common at their beginning.

      # Type
      `commonPrefixLength :: String -> String -> Int`

      # Example
      lib.strings.commonPrefixLength "abcd" "abef"
      => 2
    */
    commonPrefixLength =
      left: right:
      agreement (min (stringLength left) (stringLength right)) (
        at: substring at 1 left == substring at 1 right
      );

    /**
      How many characters two strings have in common at their end.

      # Type
      `commonSuffixLength :: String -> String -> Int`

      # Example
      lib.strings.commonSuffixLength "abcd" "efcd"
      => 2
    */
    commonSuffixLength =
      left: right:
      let
        fromEnd = string: at: substring (stringLength string - 1 - at) 1 string;
      in
      agreement (min (stringLength left) (stringLength right)) (
        at: fromEnd left at == fromEnd right at
      );

    /**
      Whether two strings are at most a distance apart; much faster than `levenshtein` when they are
      not, or when they share beginning and end.

      # Type
      `levenshteinAtMost :: Int -> String -> String -> Bool`

      # Example
      lib.strings.levenshteinAtMost 1 "foo" "boo"
      => true
    */
    levenshteinAtMost =
      limit: left: right:
      let
        gap = stringLength left - stringLength right;
        prefix = distance.commonPrefixLength left right;
        inner = string: substring prefix (-1) string;
        suffix = distance.commonSuffixLength (inner left) (inner right);
        core = string: substring prefix (stringLength string - prefix - suffix) string;
        coreLeft = core left;
        coreRight = core right;
      in
      if limit <= 0 then
        left == right
      else if max gap (0 - gap) > limit then
        false
      else
        # Two long different cores are rarely close, and the table below stays small for short ones.
        max (stringLength coreLeft) (stringLength coreRight) <= limit
        || distance.levenshtein coreLeft coreRight <= limit;
  };
in
distance
