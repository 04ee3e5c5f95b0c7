# nixpkgs' name for what modules get as the argument `utils`.
{ lib, pkgs, ... }:
import ../../modules/utils.nix { inherit lib pkgs; }
