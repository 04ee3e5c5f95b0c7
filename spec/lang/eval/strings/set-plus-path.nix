# A path behind a set that becomes a string is text; behind a string it would be copied to the store.
let
  package = { outPath = "/nix/store/x"; };
  shown = { __toString = self: "a"; };
in
[ (package + /b/c) (shown + /d) ]
