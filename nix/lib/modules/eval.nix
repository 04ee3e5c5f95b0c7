# evalModules: ties modules, options and configuration together.
{ lib }:
let
  inherit (builtins)
    addErrorContext
    listToAttrs
    mapAttrs
    removeAttrs
    seq
    ;
  inherit (lib.lists) optional reverseList;
  inherit (lib.options) mkOption;
  inherit (lib.trivial) warnIf;

  properties = import ./properties.nix { inherit lib; };
  collect = import ./collect.nix { inherit lib; };
  tree = import ./tree.nix { inherit lib; };
  redefine = import ./redefine.nix;
  reversed = builtins.firn.modules.reversed or reverseList;
  explain = import ./explain.nix { inherit lib; };

  # A set of only this definition, as deep as its path. `listToAttrs` takes positions from `value`.
  setInPlace =
    definition:
    lib.lists.foldr (
      name: value: listToAttrs [ (redefine definition null value // { inherit name; }) ]
    ) definition.value definition.prefix;

  # What modules may say about their own evaluation. `documented` at the root only, not once for every
  # submodule. Made once, for there are many submodules.
  internalOptions = documented: {
    args = mkOption (
      {
        # Lazy in its values, so that an argument may be costly or depend on the configuration.
        type = lib.types.lazyAttrsOf lib.types.raw;
        description = ''
          Further arguments for every module, beside {var}`lib`, {var}`config`, {var}`options` and
          what `specialArgs` holds.

          Submodules do not get these arguments, nor do they pass theirs on. They get {var}`name`,
          the attribute name under which the submodule stands.

          `imports` cannot depend on these arguments, because which modules there are must be
          known before the configuration is. What `imports` need comes from `specialArgs`.
        '';
      }
      // (if documented then { } else { internal = true; })
    );
    check = mkOption {
      type = lib.types.bool;
      internal = true;
      default = true;
      description = "Whether a definition of an option that is not declared is an error.";
    };
    freeformType = mkOption {
      type = lib.types.nullOr lib.types.optionType;
      internal = true;
      default = null;
      description = ''
        The type of all definitions taken together whose options are not declared. If `null`,
        such definitions are errors.
      '';
    };
    specialArgs = mkOption {
      readOnly = true;
      internal = true;
      description = ''
        The arguments given to the evaluation from outside, which modules cannot change and
        `imports` may use.
      '';
    };
  };
  rootOptions = {
    _module = internalOptions true;
  };
  nestedOptions = {
    _module = internalOptions false;
  };

  internalModule =
    {
      prefix,
      specialArgs,
      extendModules,
      type,
    }:
    {
      _file = collect.internalKey;
      key = collect.internalKey;
      options = if prefix == [ ] then rootOptions else nestedOptions;
      config._module = {
        args = {
          inherit extendModules;
          moduleType = type;
        };
        inherit specialArgs;
      };
    };

  recursionHint = "if you get an infinite recursion here, you probably reference `config` in `imports`: which modules there are must be known before `config` is. Import unconditionally and make what the module defines conditional, with an `enable` option (`mkEnableOption`) and `mkIf`; or pass what `imports` need in `specialArgs`. Instead of `config = if config.… then … else …`, write `mkIf`.";

  evalModules =
    evalArgs@{
      modules,
      prefix ? [ ],
      specialArgs ? { },
      class ? null,
      # Both deprecated: `_module.args` and `_module.check` take their places.
      args ? { },
      check ? true,
    }:
    let
      isLegacy = evalArgs ? args || evalArgs ? check;
      legacyModules =
        optional (evalArgs ? args) { config._module.args = args; }
        ++ optional (evalArgs ? check) { config._module.check = properties.mkDefault check; };
      ownModules = if isLegacy then modules ++ legacyModules else modules;

      # A function, so that nothing holds on to the modules it makes.
      collected =
        { }:
        collect.collectModules class (specialArgs.modulesPath or "")
          (
            ownModules
            ++ [
              (internalModule {
                inherit
                  extendModules
                  prefix
                  specialArgs
                  type
                  ;
              })
            ]
          )
          (
            {
              inherit lib options specialArgs;
              _class = class;
              _prefix = prefix;
              config = addErrorContext recursionHint config;
            }
            // specialArgs
          );

      merged = tree.mergeTree prefix (reversed (collected { }).modules);

      inherit (merged) options;
      declared = merged.value;
      inherit (declared._module) freeformType;

      freeform =
        let
          definitions = map (
            definition: redefine definition null (setInPlace definition)
          ) unknown;
        in
        if definitions == [ ] then { } else freeformType.merge prefix definitions;

      values =
        if freeformType == null then declared else lib.attrsets.recursiveUpdate freeform declared;
      config =
        if values._module ? overlook then
          values // { _module = values._module // { inherit inert overlooked; }; }
        else
          values;

      checkUnmatched =
        if config._module.check && freeformType == null && unmatched != [ ] then
          explain.unknownOptions {
            inherit prefix options unmatched;
            modules = (collected { }).modules;
          }
        else
          null;
      # What is defined of options that only a fallback declares is among what is not declared (./tree.nix).
      parted = builtins.partition (definition: definition ? inert) merged.unmatched;
      inert = parted.right;
      unknown = if merged.unmatched == [ ] then [ ] else parted.wrong;
      # A module may declare `_module.overlook`: of the path of an option that is not declared, whether
      # defining it is no error all the same. Such definitions are in `config._module.overlooked`, and those of
      # options with fallbacks in `config._module.inert`.
      sorted = builtins.partition (definition: declared._module.overlook definition.prefix) unknown;
      overlooked = sorted.right;
      unmatched = if unknown != [ ] && declared._module ? overlook then sorted.wrong else unknown;
      checked = seq checkUnmatched;

      extendModules =
        extension@{
          modules ? [ ],
          specialArgs ? { },
          prefix ? [ ],
        }:
        evalModules (
          evalArgs
          // {
            modules = ownModules ++ modules;
            specialArgs = evalArgs.specialArgs or { } // specialArgs;
            prefix = extension.prefix or evalArgs.prefix or [ ];
          }
        );

      type = lib.types.submoduleWith { inherit class modules specialArgs; };
      result = {
        _type = "configuration";
        options = checked options;
        config = checked (removeAttrs config [ "_module" ]);
        _module = checked config._module;
        inherit (collected { }) graph;
        inherit class extendModules type;
      };
    in
    if isLegacy then
      warnIf (evalArgs ? args)
        "The args argument to evalModules is deprecated. Please set config._module.args instead."
        warnIf
        (evalArgs ? check)
        "The check argument to evalModules is deprecated. Please set config._module.check instead."
        result
    else
      result;
in
{
  /**
    Evaluates modules to options and their values.

    Takes `modules`, a list of modules (paths, functions or attribute sets); `specialArgs`, arguments
    for modules that `imports` may use; `class`, which refuses modules made for something else;
    `prefix`, where the options stand within a greater whole. Gives `{ config, options, _module,
    type, extendModules, class, graph }`.

    # Type
    `evalModules :: { modules :: [Module]; specialArgs, class, prefix } -> Configuration`

    # Example
    (lib.evalModules { modules = [ { options.x = lib.mkOption { type = lib.types.int; }; } { x = 1; } ]; }).config.x
    => 1
  */
  inherit evalModules;
}
