# The encrypted device below a file system or swap: the options `encrypted`.
{ lib }:
let
  inherit (import ../option-kinds.nix { inherit lib; }) flag maybe;
  inherit (lib) types;
in
{
  enable = flag false "Whether it lies on an encrypted device that is opened in the initial file system.";
  blkDev = maybe types.str "The encrypted device.";
  label = maybe types.str "Name of the device when it is open.";
  keyFile = maybe types.str "File that holds the key.";
}
