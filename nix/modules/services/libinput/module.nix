# Pointers, touchpads and the like, for the X server, which is not part of `base`.
{ lib, ... }:
let
  inherit (import ../../option-kinds.nix { inherit lib; }) flag;
  device =
    description:
    lib.mkOption {
      type = lib.types.attrsOf lib.types.anything;
      default = { };
      inherit description;
    };
in
{
  options.services.libinput = {
    enable = flag false "Whether the X server uses libinput.";
    mouse = device "Settings of mice.";
    touchpad = device "Settings of touchpads.";
  };
}
