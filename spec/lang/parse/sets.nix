{ z }: x: {
  a.b.c = 1;
  a.b.d = 2;
  a = { e = 3; inherit (x) f g; ${x} = 4; };
  inherit z;
  inherit (x) y "q r";
  "s t" = 5;
  "${x}".u = 6;
  ${"v"} = 7;
  rec1 = rec { w = 1; };
  rec1.w2 = 2;
  old = let { body = 1; };
  empty = { };
}
