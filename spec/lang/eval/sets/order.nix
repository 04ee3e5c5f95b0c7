# rec, inherit, dynamic names, overrides.
let
  x = 1;
  base = { p = 10; q = 20; };
in
[
  (rec { inherit x; y = x + z; z = 2; inherit (base) p; sum = p + y; })
  { inherit (base) q; ${"dyn" + "amic"} = x; ${null} = 2; a.b.c = 1; a.b.d = 2; }
  (let inherit (base) p q; r = p + q; in r)
  (rec { a = 1; b = a; __overrides = { a = 2; }; }.b)
]
