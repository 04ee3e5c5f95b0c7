# A module of NixOS by whose name `base` has nothing but this: its options may be set, what it would make is an
# error for whoever asks for it, and one warning says that it is not here. Imported under several names it counts once.
#
#   what      in words, as "images of SD cards"
#   options   names at the root under which anything may be set
#   builds    names of `system.build` that are errors
#   root      the device of the root file system that its machines have
{
  what,
  options ? [ ],
  builds ? [ ],
  root ? null,
}:
let
  module =
    { lib, ... }:
    {
      options = lib.genAttrs options (
        name:
        lib.mkOption {
          type = lib.types.attrsOf lib.types.anything;
          default = { };
          visible = false;
          description = "Options of NixOS for ${what}, which have no effect in `base`.";
        }
      );
      config = {
        system.build = lib.genAttrs builds (
          name: throw "base has no ${what}: `system.build.${name}' is not to be had."
        );
        fileSystems = lib.mkIf (root != null) {
          "/" = {
            device = lib.mkDefault root;
            fsType = lib.mkDefault "ext4";
          };
        };
        warnings = [ "base has no ${what}: the machine is made without." ];
      };
    };
in
{
  key = "lacking: ${what}: ${toString builds}";
  imports = [ module ];
}
