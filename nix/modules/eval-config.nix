# Evaluates a machine's modules: what `lib.nixosSystem`, `pkgs.nixos` and `<nixpkgs/nixos>` call.
#
#   modules       the machine's own modules
#   system        platform of the machine; null when the modules set `nixpkgs.hostPlatform`
#   pkgs          a package set to use as it is (by default one is made from `nixpkgs.*`)
#   baseModules   the module set underneath, extraModules what goes on top of it
#   specialArgs   arguments which modules may use in `imports`
{
  lib ? import ../lib,
  system ? null,
  pkgs ? null,
  modules,
  baseModules ? import ./default.nix,
  extraModules ? [ ],
  extraArgs ? { },
  specialArgs ? { },
  modulesLocation ? null,
  prefix ? [ ],
  check ? null,
  class ? "nixos",
}:
let
  located =
    if modulesLocation == null then
      modules
    else
      map (lib.setDefaultModuleLocation modulesLocation) modules;
  checkModule = {
    _file = ./eval-config.nix;
    config = lib.mkIf (check != null) { _module.check = lib.mkDefault check; };
  };
  argsModule = {
    _file = ./eval-config.nix;
    key = toString ./eval-config.nix + "#args";
    config = {
      _module.args = {
        noUserModules = noUserModules;
        inherit baseModules extraModules modules;
      }
      // extraArgs;
      nixpkgs.system = lib.mkIf (system != null) (lib.mkDefault system);
      nixpkgs.pkgs = lib.mkIf (pkgs != null) (lib.mkDefault pkgs);
    };
  };
  evaluate =
    userModules:
    lib.evalModules {
      inherit prefix class;
      modules = baseModules ++ extraModules ++ [ argsModule checkModule ] ++ userModules;
      specialArgs = {
        modulesPath = toString ../nixos/modules;
      }
      // specialArgs;
    };
  noUserModules = evaluate [ ];
  result = evaluate located;
  withExtras =
    evaluated:
    evaluated
    // {
      inherit extraArgs lib;
      inherit (evaluated._module.args) pkgs;
      extendModules = args: withExtras (evaluated.extendModules args);
    };
in
withExtras result
