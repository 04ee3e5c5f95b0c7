# Small builders: files from text, scripts, trees of links. One file per family.
args:
let
  files = import ./files.nix args;
  commands = import ./commands.nix args;
  trees = import ./trees.nix args;
  shells = import ./shells.nix args;
  writers = import ./writers.nix args;
  optionsDoc = import ./options-doc.nix args;
in
files // commands // trees // shells // writers // optionsDoc
