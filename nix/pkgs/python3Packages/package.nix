# Python modules: Debian's `python3-NAME` as NAME.
{
  debian,
  lib,
  pkgs,
}:
let
  prefix = "python3-";
  names = lib.filter (lib.hasPrefix prefix) (builtins.attrNames debian);
  modules = builtins.listToAttrs (
    map (name: {
      name = lib.removePrefix prefix name;
      value = debian.${name};
    }) names
  );
in
let
  self =
    (pkgs.__lacking.python3Packages or { })
    // modules
    // {
      python = pkgs.python3;
      callPackage = lib.callPackageWith (pkgs // self);
      pyyaml = modules.yaml;
      pillow = modules.pil;
      recurseForDerivations = true;
    };
in
self
