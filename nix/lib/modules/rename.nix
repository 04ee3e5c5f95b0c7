# Modules for options that were renamed, changed or removed.
{ lib }:
let
  inherit (builtins)
    any
    filter
    foldl'
    ;
  inherit (lib.attrsets)
    attrByPath
    getAttrFromPath
    optionalAttrs
    recursiveUpdate
    setAttrByPath
    ;
  inherit (lib.lists) optional;
  inherit (lib.options) mkOption showFiles showOption showPlaces;
  inherit (lib.trivial)
    id
    oldestSupportedReleaseIsAtLeast
    warn
    warnIf
    ;

  properties = import ./properties.nix { inherit lib; };
  redefine = import ./redefine.nix;
  inherit (properties)
    defaultOverridePriority
    mkIf
    mkMerge
    mkOverride
    ;

  # An option's definitions for another one. They keep their files, for messages.
  forwarded =
    function: option:
    map (
      definition: function (redefine definition null definition.value)
    ) option.definitionsWithLocations;

  # The value of an old option nobody defined.
  untouched = "_mkMergedOptionModule";

  rename = {
    /**
      All definitions of another option, with their properties but for the priority, as definitions of
      this one.

      # Type
      `mkAliasDefinitions :: Option -> Property`

      # Example
      (lib.mkAliasDefinitions { isDefined = false; }).condition
      => false
    */
    mkAliasDefinitions = rename.mkAliasAndWrapDefinitions id;

    /**
      `mkAliasDefinitions` with a function around what it gives.

      # Type
      `mkAliasAndWrapDefinitions :: (Property -> a) -> Option -> Property`

      # Example
      (lib.mkAliasAndWrapDefinitions lib.id { isDefined = false; }).condition
      => false
    */
    mkAliasAndWrapDefinitions =
      wrap: option: mkIf option.isDefined (wrap (mkMerge (forwarded properties.mkDefinition option)));

    /**
      `mkAliasAndWrapDefinitions` that keeps the priority of the other option.

      # Type
      `mkAliasAndWrapDefsWithPriority :: (Property -> a) -> Option -> Property`

      # Example
      (lib.modules.mkAliasAndWrapDefsWithPriority lib.id { isDefined = false; }).condition
      => false
    */
    mkAliasAndWrapDefsWithPriority =
      wrap: option:
      let
        withPriority = mkOverride (option.highestPrio or defaultOverridePriority);
        again =
          definition: properties.mkDefinition (redefine definition null (withPriority definition.value));
      in
      mkIf option.isDefined (wrap (mkMerge (forwarded again option)));

    /**
      Deprecated: `mkIf option.isDefined`.

      # Example
      (lib.modules.mkAliasIfDef { isDefined = true; } 1).content
      => 1
    */
    mkAliasIfDef = warn "lib.mkAliasIfDef is an old name: write mkIf option.isDefined." (
      option: mkIf option.isDefined
    );

    /**
      A definition computed from another option's value, with that option's priority.

      # Type
      `mkDerivedConfig :: Option -> (a -> b) -> Property`

      # Example
      (lib.mkDerivedConfig { highestPrio = 50; value = 1; } (x: x + 1)).content
      => 2
    */
    mkDerivedConfig =
      option: function:
      mkOverride (option.highestPrio or defaultOverridePriority) (function option.value);

    /**
      A module that makes definitions of a removed option a failed assertion which says what to do
      instead.

      # Type
      `mkRemovedOptionModule :: [String] -> String -> Module`

      # Example
      map (a: a.assertion) (lib.evalModules { modules = [ (lib.mkRemovedOptionModule [ "a" ] "Use b.") { options.assertions = lib.mkOption { }; } ]; }).config.assertions
      => [ true ]
    */
    mkRemovedOptionModule =
      path: instead:
      { options, ... }:
      let
        option = getAttrFromPath path options;
      in
      {
        options = setAttrByPath path (mkOption {
          visible = false;
          apply =
            _:
            throw "The option `${showOption path}' can no longer be used since it's been removed. ${instead}";
        });
        config.assertions = [
          {
            assertion = !option.isDefined;
            message = ''
              The option definition `${showOption path}' in ${showPlaces option.definitionsWithLocations} no longer has any effect; please remove it.
              ${instead}
            '';
          }
        ];
      };

    /**
      A module that forwards an old option name to a new one and warns when the old one is used.

      # Type
      `mkRenamedOptionModule :: [String] -> [String] -> Module`

      # Example
      (lib.evalModules { modules = [ (lib.mkRenamedOptionModule [ "a" ] [ "b" ]) { options.b = lib.mkOption { }; options.warnings = lib.mkOption { }; config.a = 1; } ]; }).config.b
      => 1
    */
    mkRenamedOptionModule =
      from: to:
      rename.doRename {
        inherit from to;
        visible = false;
        warn = true;
        use = builtins.trace "Obsolete option `${showOption from}' is used. It was renamed to `${showOption to}'.";
      };

    /**
      `mkRenamedOptionModule` that warns only once every supported release has the new name.

      # Type
      `mkRenamedOptionModuleWith :: { from :: [String]; to :: [String]; sinceRelease :: Int; } -> Module`

      # Example
      (lib.evalModules { modules = [ (lib.mkRenamedOptionModuleWith { from = [ "a" ]; to = [ "b" ]; sinceRelease = 2411; }) { options.b = lib.mkOption { }; options.warnings = lib.mkOption { }; config.a = 1; } ]; }).config.b
      => 1
    */
    mkRenamedOptionModuleWith =
      {
        from,
        to,
        sinceRelease,
      }:
      let
        isDue = oldestSupportedReleaseIsAtLeast sinceRelease;
      in
      rename.doRename {
        inherit from to;
        visible = false;
        warn = isDue;
        use = warnIf isDue "Obsolete option `${showOption from}' is used. It was renamed to `${showOption to}'.";
      };

    /**
      A module that makes one new option of several old ones by a function of the configuration.

      # Type
      `mkMergedOptionModule :: [[String]] -> [String] -> (AttrSet -> a) -> Module`

      # Example
      (lib.evalModules { modules = [ (lib.mkMergedOptionModule [ [ "a" ] ] [ "b" ] (config: config.a + 1)) { options.b = lib.mkOption { }; options.warnings = lib.mkOption { }; config.a = 1; } ]; }).config.b
      => 2
    */
    mkMergedOptionModule =
      from: to: merge:
      { config, options, ... }:
      let
        isUsed = path: getAttrFromPath path config != untouched;
        warning =
          path:
          "The option `${showOption path}' defined in ${
            showPlaces (getAttrFromPath path options).definitionsWithLocations
          } has been changed to `${showOption to}' that has a different type. Please read `${showOption to}' documentation and update your configuration accordingly.";
        declaration =
          path:
          setAttrByPath path (mkOption {
            visible = false;
            default = untouched;
          });
      in
      {
        options = foldl' recursiveUpdate { } (map declaration from);
        config = {
          warnings = map warning (filter isUsed from);
        }
        // setAttrByPath to (mkMerge (optional (any isUsed from) (merge config)));
      };

    /**
      A module that makes a new option of an old one by a function of the configuration.

      # Type
      `mkChangedOptionModule :: [String] -> [String] -> (AttrSet -> a) -> Module`

      # Example
      (lib.evalModules { modules = [ (lib.mkChangedOptionModule [ "a" ] [ "b" ] (config: config.a + 1)) { options.b = lib.mkOption { }; options.warnings = lib.mkOption { }; config.a = 1; } ]; }).config.b
      => 2
    */
    mkChangedOptionModule = from: rename.mkMergedOptionModule [ from ];

    /**
      A module that gives an option a second name, without any warning.

      # Type
      `mkAliasOptionModule :: [String] -> [String] -> Module`

      # Example
      (lib.evalModules { modules = [ (lib.mkAliasOptionModule [ "a" ] [ "b" ]) { options.b = lib.mkOption { }; config.a = 1; } ]; }).config.b
      => 1
    */
    mkAliasOptionModule =
      from: to:
      rename.doRename {
        inherit from to;
        visible = true;
        warn = false;
        use = id;
      };

    /**
      Deprecated name of `mkAliasOptionModule`.

      # Example
      (lib.evalModules { modules = [ (lib.modules.mkAliasOptionModuleMD [ "a" ] [ "b" ]) { options.b = lib.mkOption { }; config.a = 1; } ]; }).config.b
      => 1
    */
    mkAliasOptionModuleMD = warn "lib.mkAliasOptionModuleMD is an old name: write lib.mkAliasOptionModule." rename.mkAliasOptionModule;

    /**
      A module that forwards the option `from` to the option `to`, of which the others in this file are
      cases. `visible`: whether the old name is documented. `warn`: whether its definition is warned of
      (where there are `warnings`). `use`: what reading the old name does with the value.
      `withPriority`: whether definitions keep their priority. `condition`: whether to forward at all;
      without it, forwarding into an `attrsOf submodule` would make the submodule exist.

      # Type
      `doRename :: AttrSet -> Module`

      # Example
      (lib.evalModules { modules = [ (lib.doRename { from = [ "a" ]; to = [ "b" ]; visible = true; warn = false; use = x: x; }) { options.b = lib.mkOption { }; config.a = 1; } ]; }).config.b
      => 1
    */
    doRename =
      {
        from,
        to,
        visible,
        warn,
        use,
        withPriority ? true,
        condition ? true,
      }:
      { config, options, ... }:
      let
        old = getAttrFromPath from options;
        newValue = attrByPath to (abort "Renaming error: option `${showOption to}' does not exist.") config;
        new = attrByPath to { } options;
        # What is no option is a set of options, which a submodule can stand for.
        type = new.type or (lib.types.submodule { });
        forward =
          if withPriority then rename.mkAliasAndWrapDefsWithPriority else rename.mkAliasAndWrapDefinitions;
      in
      {
        options = setAttrByPath from (
          mkOption {
            inherit visible;
            description = "Alias of {option}`${showOption to}`.";
            apply = _: use newValue;
          }
          // optionalAttrs (type != null) { inherit type; }
        );
        config = mkIf condition (mkMerge [
          (optionalAttrs (options ? warnings) {
            warnings = optional (warn && old.isDefined)
              "The option `${showOption from}' defined in ${showFiles old.files} has been renamed to `${showOption to}'.";
          })
          (forward (setAttrByPath to) old)
        ]);
      };
  };
in
rename
