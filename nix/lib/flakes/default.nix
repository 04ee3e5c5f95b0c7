# References to flakes.
{ lib }:
let
  lacks = name: _: throw "lib.flakes.${name}: this evaluator has no builtins.${name}";
in
{
  parseFlakeRef = builtins.parseFlakeRef or (lacks "parseFlakeRef");
  flakeRefToString = builtins.flakeRefToString or (lacks "flakeRefToString");
}
