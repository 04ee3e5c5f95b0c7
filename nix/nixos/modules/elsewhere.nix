# Modules of NixOS that are not in this folder, for `imports` and `disabledModules` of published code (see
# `lib/modules/collect.nix`): `modules` has by NixOS' name the path of what `base` has in its place, or a module
# without anything, where `base` knows the options only (`modules/known`).
let
  table = builtins.fromJSON (builtins.readFile ./elsewhere.json);
in
{
  modules = builtins.mapAttrs (
    name: folder:
    if folder == null then
      { key = "NixOS: ${name}"; }
    else
      ../../modules + "/${folder}/module.nix"
  ) table;
}
