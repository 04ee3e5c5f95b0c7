# The kernel with all drivers, and what is made for it.
{ callPackage }:
callPackage ../../build/kernel-packages.nix { group = "linux"; }
