let
  base = { a = 1; b.c = { d = "x"; }; "e f" = [ ]; };
  more = rec { x = y + 1; y = 2; inherit (base) a; ${"dyn" + "amic"} = x; __functor = self: n: self.y * n; };
in
with base // more; {
  r = base // more // { b = b // { z = null; }; };
  names = builtins.attrNames more; values = builtins.attrValues base;
  has = base ? b.c.d && !(more ? nope); or' = base.q.r or "default";
  call = more 4; mapped = builtins.mapAttrs (n: v: n) base; rem = removeAttrs base [ "a" "zz" ];
  inter = builtins.intersectAttrs { a = null; } base; list = builtins.listToAttrs [ { name = "k"; value = 1; } ];
  cat = builtins.catAttrs "a" [ base more { } ]; zip = builtins.zipAttrsWith (n: vs: vs) [ base more ];
  args = builtins.functionArgs ({ a, b ? 1, ... }@all: all); pos = builtins.unsafeGetAttrPos "a" base;
  eq = base == base && [ 1 ] != [ 1.0 ]; lt = [ 1 2 ] < [ 1 3 ];
}
