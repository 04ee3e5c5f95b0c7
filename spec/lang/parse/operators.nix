a: b: c: with a; [
  (a -> b -> c) (a || b && c) (a == b && !c == a) (a // b // c) (a ++ b ++ c)
  (-a * b - c / a + b) (a ? b.c ? "d") (!a ? b) (-a ? b) (a * !b + c) (a < b) (a <= b) (a > b)
  (a >= b) (a != b) ((a b) c) ((a - b) c) (a.b or c.d or 1) (a or b)
]
