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
  inherit (lib.options) mkOption showFiles showOption;
  inherit (lib.trivial)
    id
    oldestSupportedReleaseIsAtLeast
    warn
    warnIf
    ;

  properties = import ./properties.nix { inherit lib; };
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
      definition: function { inherit (definition) file value; }
    ) option.definitionsWithLocations;

  # The value of an old option nobody defined.
  untouched = "_mkMergedOptionModule";

  rename = {
    /**
      All definitions of another option, with their properties but for the priority, as definitions of
      this one.

      # Type
      `mkAliasDefinitions :: Option -> Property`
    */
    mkAliasDefinitions = rename.mkAliasAndWrapDefinitions id;

    /**
      `mkAliasDefinitions` with a function around what it gives.

      # Type
      `mkAliasAndWrapDefinitions :: (Property -> a) -> Option -> Property`
    */
    mkAliasAndWrapDefinitions =
      wrap: option: mkIf option.isDefined (wrap (mkMerge (forwarded properties.mkDefinition option)));

    /**
      `mkAliasAndWrapDefinitions` that keeps the priority of the other option.

      # Type
      `mkAliasAndWrapDefsWithPriority :: (Property -> a) -> Option -> Property`
    */
    mkAliasAndWrapDefsWithPriority =
      wrap: option:
      let
        withPriority = mkOverride (option.highestPrio or defaultOverridePriority);
        redefine =
          { file, value }:
          properties.mkDefinition {
            inherit file;
            value = withPriority value;
          };
      in
      mkIf option.isDefined (wrap (mkMerge (forwarded redefine option)));

    /** Deprecated: `mkIf option.isDefined`. */
    mkAliasIfDef = warn "lib.mkAliasIfDef is an old name: write mkIf option.isDefined." (
      option: mkIf option.isDefined
    );

    /**
      A definition computed from another option's value, with that option's priority.

      # Type
      `mkDerivedConfig :: Option -> (a -> b) -> Property`
    */
    mkDerivedConfig =
      option: function:
      mkOverride (option.highestPrio or defaultOverridePriority) (function option.value);

    /**
      A module that makes definitions of a removed option a failed assertion which says what to do
      instead.

      # Type
      `mkRemovedOptionModule :: [String] -> String -> Module`
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
              The option definition `${showOption path}' in ${showFiles option.files} no longer has any effect; please remove it.
              ${instead}
            '';
          }
        ];
      };

    /**
      A module that forwards an old option name to a new one and warns when the old one is used.

      # Type
      `mkRenamedOptionModule :: [String] -> [String] -> Module`
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
    */
    mkMergedOptionModule =
      from: to: merge:
      { config, options, ... }:
      let
        isUsed = path: getAttrFromPath path config != untouched;
        warning =
          path:
          "The option `${showOption path}' defined in ${
            showFiles (getAttrFromPath path options).files
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
    */
    mkChangedOptionModule = from: rename.mkMergedOptionModule [ from ];

    /**
      A module that gives an option a second name, without any warning.

      # Type
      `mkAliasOptionModule :: [String] -> [String] -> Module`
    */
    mkAliasOptionModule =
      from: to:
      rename.doRename {
        inherit from to;
        visible = true;
        warn = false;
        use = id;
      };

    /** Deprecated name of `mkAliasOptionModule`. */
    mkAliasOptionModuleMD = warn "lib.mkAliasOptionModuleMD is an old name: write lib.mkAliasOptionModule." rename.mkAliasOptionModule;

    /**
      A module that forwards the option `from` to the option `to`, of which the others in this file are
      cases. `visible`: whether the old name is documented. `warn`: whether its definition is warned of
      (where there are `warnings`). `use`: what reading the old name does with the value.
      `withPriority`: whether definitions keep their priority. `condition`: whether to forward at all;
      without it, forwarding into an `attrsOf submodule` would make the submodule exist.

      # Type
      `doRename :: AttrSet -> Module`
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
