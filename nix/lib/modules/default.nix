# The module system. It is split by the question each part answers:
#
#   eval.nix        evalModules: ties modules, options and config together
#   collect.nix     which modules there are: loading, imports, what is disabled
#   tree.nix        which options are declared where, and which definitions belong to each
#   declare.nix     several declarations of one option made one
#   define.nix      definitions of one option made a value
#   properties.nix  mkIf, mkMerge, mkForce and their like
#   rename.nix      modules for options that were renamed, changed or removed
#   locate.nix      line and column of a definition, sought only when a message needs it
#   explain.nix     the messages
#
# firn has builtins that do what is usual in modules, options and definitions faster (`builtins.firn
# .modules`, used by collect.nix, tree.nix and ../types/containers.nix). They leave what is unusual, and
# every message, to the code here, which does all of it where they are missing; the tests hold both ways
# against each other.
{ lib }:
let
  part = file: import file { inherit lib; };

  properties = part ./properties.nix;
  collect = part ./collect.nix;
  tree = part ./tree.nix;
  declare = part ./declare.nix;
  define = part ./define.nix;
  rename = part ./rename.nix;
  evaluate = part ./eval.nix;

  internal =
    name:
    lib.trivial.warn "External use of `lib.modules.${name}` is deprecated: it is a part of the module system that may change. Say what you need it for, so that there can be a supported way.";

  modules =
    # For the other parts of the library, unwarned.
    removeAttrs properties [
      "pushDownProperties"
      "dischargeProperties"
    ]
    // builtins.mapAttrs internal {
      inherit (properties) dischargeProperties pushDownProperties;
      inherit (collect) applyModuleArgsIfFunction unifyModuleSyntax;
      inherit (tree) mergeModules mergeModules';
      collectModules = collect.collectModules null;
    }
    // rename
    // {
      inherit (collect) setDefaultModuleLocation;
      inherit (declare) fixupOptionType mergeOptionDecls;
      inherit (define) evalOptionValue mergeAttrDefinitionsWithPrio mergeDefinitions;
      inherit (evaluate) evalModules;

      /**
        Deprecated: `evalModules` with arguments and without checks.

        # Type
        `fixMergeModules :: [Module] -> AttrSet -> Configuration`

        # Example
        (lib.modules.fixMergeModules [ { options.x = lib.mkOption { default = 1; }; } ] { }).config.x
        => 1
      */
      fixMergeModules =
        list: args:
        evaluate.evalModules {
          modules = list;
          inherit args;
          check = false;
        };

      /**
        A module made by a file that takes an argument before it is a module. Messages and
        `disabledModules` know it by the file.

        # Type
        `importApply :: Path -> a -> Module`

        # Example
        (lib.modules.importApply ./teams { inherit lib; })._file
        => ./teams
      */
      importApply = file: argument: collect.setDefaultModuleLocation file (import file argument);

      /**
        A module whose definitions are in a JSON file.

        # Type
        `importJSON :: Path -> Module`

        # Example
        (lib.modules.importJSON ./no-such-file.json)._file
        => ./no-such-file.json
      */
      importJSON = file: {
        _file = file;
        config = lib.trivial.importJSON file;
      };

      /**
        A module whose definitions are in a TOML file.

        # Type
        `importTOML :: Path -> Module`

        # Example
        (lib.modules.importTOML ./no-such-file.toml)._file
        => ./no-such-file.toml
      */
      importTOML = file: {
        _file = file;
        config = lib.trivial.importTOML file;
      };
    };
in
modules
