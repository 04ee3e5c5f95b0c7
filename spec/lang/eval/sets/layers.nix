# A small set over a large one, many times over.
let
  names = builtins.genList toString 200;
  large = builtins.listToAttrs (map (name: { inherit name; value = 0; }) names);
  grown = builtins.foldl' (set: n: set // { ${toString n} = n; new = n; }) large (builtins.genList (n: n * 7) 40);
in
[
  (builtins.length (builtins.attrNames grown))
  grown.new
  grown."7"
  grown."8"
  (grown ? "273")
  (builtins.attrNames (removeAttrs grown names) == [ "203" "210" "217" "224" "231" "238" "245" "252" "259" "266" "273" "new" ])
  (builtins.foldl' (sum: n: sum + n) 0 (builtins.attrValues grown))
]
