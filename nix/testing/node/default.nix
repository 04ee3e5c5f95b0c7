# What every node of a test has beside its own configuration.
[
  ./container.nix
  ./file-systems.nix
  ./hardware.nix
  ./instrumentation.nix
  ./needs.nix
  ./network.nix
  ./options.nix
  ./saved-boot.nix
  ./vm.nix
]
