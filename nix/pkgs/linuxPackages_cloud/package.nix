# The kernel for virtual machines: smaller, and quicker to start.
{ callPackage }:
callPackage ../../build/kernel-packages.nix { group = "linux-cloud"; }
