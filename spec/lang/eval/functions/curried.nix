# Several parameters at once, one by one, and too many.
let
  three = x: y: { z ? 3, ... }@rest: [ x y z (rest ? w) ];
  partial = three 1;
  give = x: y: x;
in
[
  (three 1 2 { })
  (partial 2 { w = 1; })
  (map (partial 5) [ { z = 4; } ])
  (give give 1 2 3)
  (builtins.functionArgs (three 1 2))
  (builtins.functionArgs three)
]
