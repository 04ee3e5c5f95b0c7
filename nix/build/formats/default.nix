# Formats of configuration files, for options that hold settings: each is a function of its options
# that gives `{ type, generate, lib ? }`. `type` is what the settings may be, `generate name value` the
# file, `lib` has functions for values that the language has no notation for.
#
# Files are written while evaluating, by `writeText`: none of the formats needs a program to be built.
#
#   sections.nix   lines and sections: ini, keyValue, gitIni, systemd, javaProperties, nixConf
#   trees.nix      trees of values: json, yaml, toml, xml, plist, libconfig, hocon, hcl1, configobj
#   code.nix       files in programming languages: lua, php, pythonVars, elixirConf
{ lib, pkgs }:
let
  args = {
    inherit lib pkgs;
    values = import ./values.nix { inherit lib; };
    text = name: content: pkgs.writeText name content;
  };
in
import ./sections.nix args // import ./trees.nix args // import ./code.nix args
