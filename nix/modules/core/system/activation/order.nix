# Names in an order in which each comes after what it depends on.
{ lib }:
all: names:
let
  visit =
    trail: state: name:
    if state.seen ? ${name} then
      state
    else if lib.elem name trail then
      throw "activation snippets depend on each other in a circle: ${
        lib.concatStringsSep " → " (trail ++ [ name ])
      }"
    else if !(all ? ${name}) then
      throw "the activation snippet `${lib.last (trail ++ [ "?" ])}' depends on `${name}', which does not exist; there are: ${
        lib.concatStringsSep ", " (lib.attrNames all)
      }"
    else
      let
        before = lib.foldl' (visit (trail ++ [ name ])) state all.${name}.deps;
      in
      {
        seen = before.seen // {
          ${name} = true;
        };
        order = before.order ++ [ name ];
      };
in
(lib.foldl' (visit [ ]) {
  seen = { };
  order = [ ];
} names).order
