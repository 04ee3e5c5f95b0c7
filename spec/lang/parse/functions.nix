[
  (x: x) ({ }: 1) ({ ... }: 1) ({ a, b ? a, }: b) ({ a, ... }@args: args) (args@{ z, a ? 1 }: a)
  ({ }@e: e) (a: { b }: with a; assert b; if b then a else let c = b; in c)
]
