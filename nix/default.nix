# The package set of `base`, called as nixpkgs is: `import <nixpkgs> { }`.
#
#   system / localSystem   platform on which packages are built and run
#   overlays               functions of final and previous package set, applied in order
#   config                 settings of the package set (`allowUnfree`, …), or a function of `pkgs`
{
  system ? builtins.currentSystem or "x86_64-linux",
  localSystem ? { inherit system; },
  crossSystem ? null,
  overlays ? [ ],
  crossOverlays ? [ ],
  config ? { },
  ...
}:
let
  lib = import ./lib;
  named = if builtins.isString localSystem then localSystem else localSystem.system or system;
in
if crossSystem != null && crossSystem.system or crossSystem != named then
  throw "base: packages are Debian's own binaries for x86_64-linux; 'crossSystem' can't make them for another platform"
else
  import ./build/package-set.nix {
    inherit lib config;
    system = named;
    overlays = overlays ++ crossOverlays;
  }
