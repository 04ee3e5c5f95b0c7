# Strings and lists that grow by appending share memory, but never show each other's ends.
let
  start = builtins.foldl' (s: n: s + "0123456789") "" (builtins.genList (n: n) 100);
  one = start + "a";
  two = start + "b";
  list = builtins.foldl' (l: n: l ++ [ n ]) [ ] (builtins.genList (n: n) 50);
  p = list ++ [ "p" ];
  q = list ++ [ "q" ];
in
[
  (builtins.stringLength one)
  (builtins.substring 998 3 one)
  (builtins.substring 998 3 two)
  (builtins.elemAt p 50)
  (builtins.elemAt q 50)
  (builtins.length list)
]
