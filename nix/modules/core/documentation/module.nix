# Documentation on the machine. `base` puts none into a system's closure; `firn options` and
# `firn explain` show it.
{ lib, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag;
in
{
  options.documentation = {
    enable = flag true "Whether packages' documentation is installed.";
    man.enable = flag true "Whether manual pages are installed.";
    man.generateCaches = flag false "Whether an index of manual pages is made.";
    man.man-db.enable = flag true "Whether man-db shows manual pages.";
    info.enable = flag true "Whether info pages are installed.";
    doc.enable = flag true "Whether other documentation is installed.";
    dev.enable = flag false "Whether documentation for developers is installed.";
    nixos.enable = flag true "Whether the manual of the options is there; here it is part of the program.";
    nixos.includeAllModules = flag false "Whether options of your own modules are in the manual.";
    nixos.checkRedirects = flag false "Not used here.";
    nixos.options.warningsAreErrors = flag true "Whether an option without a description is an error.";
    nixos.options.splitBuild = flag true "Not used here.";
    nixos.extraModules = mkOption {
      type = types.listOf types.raw;
      default = [ ];
      description = "Modules whose options are in the manual as well.";
    };
    nixos.extraModuleSources = mkOption {
      type = types.listOf (types.either types.path types.str);
      default = [ ];
      description = "Where these modules lie.";
    };
  };
}
