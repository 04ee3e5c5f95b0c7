# Modular services: services described apart from what runs them, so that a system, a user's session
# or another manager of services can take the same description. Imported by path, as
# `pkgs.path + "/lib/services/lib.nix"`; it is no section of the library.
{ lib, ... }:
let
  inherit (builtins) concatLists;
  inherit (lib.attrsets) mapAttrsToList;
  inherit (lib.options) showOption;

  services = {
    /**
      The lists that a function of path and configuration gives for a service and for all services
      within it, joined.

      # Type
      `flattenMapServicesConfigToList :: ([String] -> AttrSet -> [a]) -> [String] -> AttrSet -> [a]`
    */
    flattenMapServicesConfigToList =
      function: loc: config:
      let
        below =
          name: services.flattenMapServicesConfigToList function (loc ++ [ "services" name ]);
      in
      function loc config ++ concatLists (mapAttrsToList below config.services);

    /** The warnings of a service and those within it, each with its place. */
    getWarnings = services.flattenMapServicesConfigToList (
      loc: config: map (warning: "in ${showOption loc}: ${warning}") config.warnings
    );

    /** The assertions of a service and those within it, each with its place. */
    getAssertions = services.flattenMapServicesConfigToList (
      loc: config:
      map (entry: {
        inherit (entry) assertion;
        message = "in ${showOption loc}: ${entry.message}";
      }) config.assertions
    );

    /**
      What a manager of services builds its option on: `{ serviceSubmodule }`, the type of a service.
      `serviceManagerPkgs`: packages to write files with; `extraRootModules`, `extraRootSpecialArgs`:
      modules of the manager and arguments for them, for services but not for those within them.

      # Type
      `configure :: { serviceManagerPkgs, extraRootModules ?, extraRootSpecialArgs ? } -> { serviceSubmodule :: OptionType; }`
    */
    configure =
      {
        serviceManagerPkgs,
        extraRootModules ? [ ],
        extraRootSpecialArgs ? { },
      }:
      {
        serviceSubmodule = lib.types.submoduleWith {
          class = "service";
          modules = [
            (lib.modules.importApply ./service.nix { pkgs = serviceManagerPkgs; })
          ]
          ++ extraRootModules;
          specialArgs = extraRootSpecialArgs;
        };
      };
  };
in
services
