# A literal in a function is a new one each time, and so is not printed as repeated.
let
  list = _: [ "a" ];
  set = _: { a = 1; };
  once = [ 1 ];
in
[ (list 1) (list 2) (set 1) (set 2) (map (x: { p = [ 1 2 ]; }) [ 1 2 ]) once once ]
