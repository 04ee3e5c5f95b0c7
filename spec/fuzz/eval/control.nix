let
  f = { a ? 1, b ? a + 1, ... }@args: if args ? c then assert a > 0; b else throw "no c: ${toString a}";
  fib = n: if n < 2 then n else fib (n - 1) + fib (n - 2);
  t = builtins.tryEval;
in
[
  (t (f { })) (t (f { c = null; })) (fib 10) (t (assert false; 1)) (builtins.seq 1 2) (builtins.deepSeq [ 1 { a = 2; } ] 3)
  (builtins.addErrorContext "here" 1) (let x = 1; y = x; inherit (rec { z = y; }) z; in z) (-1 - -2 * 3 / 1) (1.0 / 3)
  (true -> false || !true && 1 < 2) (builtins.bitAnd 12 10) (builtins.ceil 1.5) (builtins.floor (-1.5)) (9223372036854775807 - 1)
  (builtins.typeOf f) (builtins.isFunction f) (t (builtins.trace "x" 1)) ((x: y: z: x + y * z) 1 2 3) (builtins.functionArgs f)
  (let inherit (builtins) head tail; in head (tail [ 1 2 ])) (__curPos) (if null == null then [ ] else { })
]
