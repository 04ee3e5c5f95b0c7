# Types of values that are modules, or are made by modules (part of `lib.types`).
{ lib }:
let
  inherit (builtins)
    attrNames
    head
    intersectAttrs
    isAttrs
    length
    ;
  inherit (lib.attrsets) optionalAttrs;
  inherit (lib.lists) last toList;
  inherit (lib.modules)
    evalModules
    fixupOptionType
    mergeOptionDecls
    mkOptionDefault
    setDefaultModuleLocation
    ;
  inherit (lib.options) mkOption showOption;
  inherit (lib.trivial) isFunction;
  inherit (lib.types)
    defaultFunctor
    defaultTypeMerge
    isType
    mkOptionType
    noCheckForDocsModule
    optionDescriptionPhrase
    path
    ;

  v2 = import ./v2.nix { inherit lib; };

  isModule = value: isAttrs value || isFunction value || path.check value;
  check = v2.coherentCheck isModule;

  # For documentation and defaults: no name is known.
  nameless = { _module.args.name = mkOptionDefault "‹name›"; };

  # What two declarations say of something that only one may say.
  agree =
    what: left: right:
    if left == null then
      right
    else if right == null || left == right then
      left
    else
      throw "A submoduleWith option is declared multiple times with conflicting ${what}.";

  joinSpecialArgs =
    left: right:
    let
      shared = attrNames (intersectAttrs left right);
    in
    if shared == [ ] then
      left // right
    else
      throw "A submoduleWith option is declared multiple times with the same specialArgs \"${toString shared}\"";

  joinSubmodules = left: right: {
    modules = left.modules ++ right.modules;
    specialArgs = joinSpecialArgs left.specialArgs right.specialArgs;
    class = agree
      "class values \"${toString left.class}\" and \"${toString right.class}\""
      (left.class or null)
      (right.class or null);
    shorthandOnlyDefinesConfig =
      agree "shorthandOnlyDefinesConfig values" left.shorthandOnlyDefinesConfig
        right.shorthandOnlyDefinesConfig;
    description = agree "descriptions" left.description right.description;
  };

  submodules = {
    /**
      An attribute set made by modules; an attribute set as definition is only its `config`.

      # Example
      (lib.mergeDefinitions [ "x" ] (lib.types.submodule { options.a = lib.mkOption { default = 1; }; }) [ { file = "f"; value = { }; } ]).mergedValue
      => { a = 1; }
    */
    submodule =
      modules:
      submodules.submoduleWith {
        modules = toList modules;
        shorthandOnlyDefinesConfig = true;
      };

    /**
      `submodule` in full. `modules`: a list; `specialArgs`, `class`: as `evalModules` takes them;
      `shorthandOnlyDefinesConfig`: whether an attribute set as definition is only its `config`, and
      cannot have `imports` or `options`; `description`: in place of "submodule".

      # Example
      (lib.mergeDefinitions [ "x" ] (lib.types.submoduleWith { modules = [ { options.a = lib.mkOption { }; } ]; }) [ { file = "f"; value.a = 2; } ]).mergedValue
      => { a = 2; }
    */
    submoduleWith =
      {
        modules,
        specialArgs ? { },
        shorthandOnlyDefinesConfig ? false,
        description ? null,
        class ? null,
      }@arguments:
      let
        base = evalModules {
          inherit class specialArgs;
          modules = [ nameless ] ++ modules;
        };
        forDocs = prefix: base.extendModules (prefix // { modules = [ noCheckForDocsModule ]; });
        inherit (base._module) freeformType;
        functor = defaultFunctor "submodule" // {
          type = submodules.submoduleWith;
          payload = {
            inherit
              class
              description
              modules
              shorthandOnlyDefinesConfig
              specialArgs
              ;
          };
          binOp = joinSubmodules;
        };

        asModule =
          definition:
          {
            _file = definition.file;
          }
          // (
            if shorthandOnlyDefinesConfig == true && isAttrs definition.value then
              { config = definition.value; }
            else
              { imports = [ definition.value ]; }
          );
      in
      # As `mkOptionType` would make it; configurations have thousands.
      {
        _type = "option-type";
        name = "submodule";
        descriptionClass = null;
        description =
          let
            openType = (forDocs { })._module.freeformType;
          in
          if description != null then
            description
          else if openType ? description then
            "open submodule of ${
              optionDescriptionPhrase (class: class == "noun" || class == "composite") openType
            }"
          else
            "submodule";
        inherit check;
        merge = v2.mergeFromV2 (
          { loc, defs }:
          let
            # As `base.extendModules` would give it, without evaluating `base`.
            configuration = evalModules {
              inherit class specialArgs;
              prefix = loc;
              modules = [
                nameless
              ]
              ++ modules
              ++ [ { _module.args.name = last loc; } ]
              ++ map asModule defs;
            };
          in
          {
            headError = v2.headErrorOf check defs;
            value = configuration.config;
            valueMeta = { inherit configuration; };
          }
        );
        emptyValue.value = base.config;
        getSubOptions =
          prefix:
          let
            documented = forDocs { inherit prefix; };
            openType = documented._module.freeformType;
          in
          documented.options
          // optionalAttrs (openType != null) {
            # The name only has to differ from those of options.
            _freeformOptions = openType.getSubOptions prefix;
          };
        getSubModules = modules;
        substSubModules = other: submodules.submoduleWith (arguments // { modules = other; });
        nestedTypes = optionalAttrs (freeformType != null) { inherit freeformType; };
        typeMerge = defaultTypeMerge functor;
        inherit functor;
        deprecationMessage = null;
      };

    /** A module that is evaluated elsewhere; definitions become its imports. */
    deferredModule = submodules.deferredModuleWith { };

    /**
      `deferredModule` with modules that are always imported, whose options are documented.

      # Example
      (lib.types.deferredModuleWith { staticModules = [ ]; }).check { }
      => true
    */
    deferredModuleWith =
      {
        staticModules ? [ ],
      }:
      mkOptionType {
        name = "deferredModule";
        description = "module";
        descriptionClass = "noun";
        check = isModule;
        merge = loc: definitions: {
          imports =
            staticModules
            ++ map (
              definition:
              setDefaultModuleLocation "${definition.file}, via option ${showOption loc}" definition.value
            ) definitions;
        };
        inherit (submodules.submoduleWith { modules = staticModules; }) getSubModules getSubOptions;
        substSubModules = modules: submodules.deferredModuleWith { staticModules = modules; };
        functor = defaultFunctor "deferredModuleWith" // {
          type = submodules.deferredModuleWith;
          payload = { inherit staticModules; };
          binOp = left: right: { staticModules = left.staticModules ++ right.staticModules; };
        };
      };

    /** A declaration made by `mkOption`. */
    optionDeclaration = mkOptionType {
      name = "optionDeclaration";
      description = "option declaration";
      descriptionClass = "noun";
      check = value: isType "option" value && !(value ? value);
    };

    /** A type; definitions are merged like the types of several declarations. */
    optionType = mkOptionType {
      name = "optionType";
      description = "optionType";
      descriptionClass = "noun";
      check = isType "option-type";
      merge =
        loc: definitions:
        let
          declaration = definition: {
            _file = definition.file;
            pos = null;
            options = mkOption { type = definition.value; };
          };
        in
        if length definitions == 1 then
          (head definitions).value
        else
          (fixupOptionType loc (mergeOptionDecls loc (map declaration definitions))).type;
    };
  };
in
submodules
