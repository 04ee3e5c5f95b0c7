let
  l = builtins.genList (i: i * 3) 20;
  sorted = builtins.sort (a: b: a > b) l;
in
[
  (builtins.foldl' (a: b: a + b) 0 l) (map (x: x - 1) sorted) (builtins.filter (x: x < 9) l)
  (builtins.partition (x: x > 20) l) (builtins.groupBy toString l) (builtins.concatMap (x: [ x x ]) l)
  (builtins.elemAt l 3) (builtins.head l) (builtins.tail l) (builtins.any (x: x == 3) l)
  (builtins.all builtins.isInt l) (l ++ [ null 1.5 "a" { } ]) (builtins.length l) (builtins.elem 4 l)
  (builtins.concatLists [ l [ ] l ]) (builtins.genericClosure { startSet = [ { key = 1; } ]; operator = x: if x.key < 5 then [ { key = x.key + 1; } ] else [ ]; })
]
