# The modules that make up a test.
[
  ./driver.nix
  ./interactive.nix
  ./meta.nix
  ./name.nix
  ./nodes.nix
  ./result.nix
  ./saved-boot.nix
  ./script.nix
]
