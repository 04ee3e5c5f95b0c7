# Functions inside sets and lists are equal only if they are one value.
let
  f = x: x;
  s = { inherit f; };
  again = { inherit (s) f; };
in
[
  (f == f)
  ([ f ] == [ f ])
  ([ (f f) ] == [ f ])
  (s == s)
  (s == s // { })
  (s == again)
  ([ s.f ] == [ s.f ])
]
