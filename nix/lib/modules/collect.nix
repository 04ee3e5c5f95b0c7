# Which modules take part: paths are imported, functions called, `imports` followed, and what
# `disabledModules` names is left out.
{ lib }:
let
  inherit (builtins)
    addErrorContext
    attrNames
    concatMap
    elem
    filter
    functionArgs
    genericClosure
    isAttrs
    isFunction
    isList
    isPath
    isString
    mapAttrs
    removeAttrs
    substring
    typeOf
    ;
  inherit (lib.lists) imap1;
  inherit (lib.options) unknownModule;
  inherit (lib.strings) isConvertibleWithToString;

  properties = import ./properties.nix { inherit lib; };
  explain = import ./explain-loading.nix { inherit lib; };

  # What may stand beside `config` or `options`.
  moduleAttributes = [
    "_class"
    "_file"
    "config"
    "disabledModules"
    "freeformType"
    "imports"
    "key"
    "meta"
    "options"
  ];

  # What of a module without `config` and `options` is no definition.
  headerAttributes = [
    "_class"
    "_file"
    "disabledModules"
    "freeformType"
    "imports"
    "key"
    "require"
  ];

  # `freeformType` and `meta` beside `config` are definitions too.
  addDefinitions =
    m: config:
    properties.mkMerge (
      [ config ]
      ++ (if m ? meta && (m ? config || m ? options) then [ { inherit (m) meta; } ] else [ ])
      ++ (if m ? freeformType then [ { _module = { inherit (m) freeformType; }; } ] else [ ])
    );

  /*
    A module as an attribute set in its one full form:
    `{ _file, _class, key, disabledModules, imports, options, config }`.
  */
  unifyModuleSyntax =
    file: key: m:
    let
      isExplicit = m ? config || m ? options;
      stray = removeAttrs m moduleAttributes;
    in
    if isExplicit then
      if stray != { } then
        explain.strayAttributes file key m (attrNames stray)
      else
        {
          _file = toString (m._file or file);
          _class = m._class or null;
          key = toString (m.key or key);
          disabledModules = m.disabledModules or [ ];
          imports = m.imports or [ ];
          options = m.options or { };
          config =
            if m ? freeformType || m ? meta then
              addDefinitions m (m.config or { })
            else
              m.config or { };
        }
    else if isAttrs m then
      {
        _file = toString (m._file or file);
        _class = m._class or null;
        key = toString (m.key or key);
        disabledModules = m.disabledModules or [ ];
        imports = if m ? require then m.require ++ m.imports or [ ] else m.imports or [ ];
        options = { };
        config =
          if m ? freeformType then
            addDefinitions m (removeAttrs m headerAttributes)
          else
            removeAttrs m headerAttributes;
      }
    else
      explain.noModule file key m;

  # An argument of a module from `_module.args`.
  lookUp =
    args: key: name: hasDefault:
    addErrorContext ''while evaluating the module argument `${name}' in "${key}":'' (
      addErrorContext
        "noting that argument `${name}` is not externally provided, so querying `_module.args` instead, requiring `config` (what `imports` need has to be in `specialArgs`)"
        (
          args.config._module.args.${name}
            or (explain.missingArgument key name hasDefault args args.config._module.args)
        )
    );

  /*
    Calls a module that is a function. Arguments that `args` lacks are taken from
    `_module.args`, each by itself and lazily: were they all looked up to call the function,
    no module could define one.
  */
  applyModuleArgs =
    # `given` are the names in `args`.
    given: key: function: args:
    let
      named = if isFunction function then functionArgs function else lib.trivial.functionArgs function;
      missing = removeAttrs named given;
    in
    if missing == { } then function args else function (args // mapAttrs (lookUp args key) missing);

  applyIfFunction =
    given: key: m: args:
    if lib.trivial.isFunction m then applyModuleArgs given key m args else m;

  applyModuleArgsIfFunction =
    key: m: args:
    applyIfFunction (attrNames args) key m args;

  importFile =
    parentFile: path:
    # A string with context may yet have to be built: it is asked for beforehand only where it may be elsewhere.
    if isString path && builtins.hasContext path && partOfSystem path == null || builtins.pathExists path then
      import path
    else
      importElsewhere parentFile path;

  # The folder of a system's modules in which a file lies, and its name there.
  partOfSystem =
    path: builtins.match "(.*/nixos/modules)/(.+)" (builtins.unsafeDiscardStringContext (toString path));

  # What a folder of a system's modules says of files which are not there: `elsewhere.nix` beside them has
  # `modules`, by name the module that stands for each.
  elsewhere =
    path:
    let
      parts = partOfSystem path;
      table = builtins.elemAt parts 0 + "/elsewhere.nix";
    in
    if parts == null || !builtins.pathExists table then
      null
    else
      (import table).modules.${builtins.elemAt parts 1} or null;

  importElsewhere =
    parentFile: path:
    let
      found = elsewhere path;
    in
    if found == null then
      explain.missingFile parentFile path
    else if isPath found then
      # By its own name, so that it is one module with what the system has already.
      { imports = [ found ]; }
    else
      found;

  # A module in any form, in its full form.
  loadModule =
    class: given: args: parentFile: parentKey: m:
    if isAttrs m then
      if m ? __functor then
        unifyModuleSyntax parentFile parentKey (applyIfFunction given parentKey m args)
      else if m._type or "module" == "module" then
        unifyModuleSyntax parentFile parentKey m
      else if m._type == "if" || m._type == "override" then
        unifyModuleSyntax parentFile parentKey { config = m; }
      else
        explain.notAModule {
          inherit class;
          type = m._type;
          file = parentFile;
          prefix = args._prefix;
        }
    else if isFunction m then
      unifyModuleSyntax parentFile parentKey (applyModuleArgs given parentKey m args)
    else if isList m then
      explain.nestedImports parentFile m
    else if isPath m || isString m && (substring 0 1 m == "/" || builtins.hasContext m) then
      let
        name = toString m;
      in
      unifyModuleSyntax name name (applyIfFunction given name (importFile parentFile m) args)
    else if isString m then
      explain.notAPath parentFile m
    else
      explain.noModule parentFile parentKey m;

  checkClass =
    class: module:
    if module._class == null || module._class == class then
      module
    else
      explain.wrongClass class module;

  # The tree of imports, unfiltered: `[ { key, module, imports, disabled } ]`.
  collectTree =
    class: args:
    let
      load = loadModule class (attrNames args) args;
      under =
        parentFile: parentKey:
        imap1 (
          n: m:
          let
            loaded = load parentFile "${parentKey}:anon-${toString n}" m;
            module = if class == null then loaded else checkClass class loaded;
            imports =
              if module.imports == [ ] then
                [ ]
              else if isList module.imports then
                under module._file module.key module.imports
              else
                explain.importsNotAList module._file module.imports;
            own = {
              file = module._file;
              disabled = module.disabledModules;
            };
            below = if imports == [ ] then [ ] else concatMap (node: node.disabled) imports;
          in
          {
            inherit (module) key;
            inherit module imports;
            disabled = if module.disabledModules == [ ] then below else [ own ] ++ below;
          }
        );
    in
    under unknownModule "";

  # The key of the module that an item of `disabledModules` means.
  disabledKey =
    modulesPath: file: item:
    if isString item then
      let
        path = if substring 0 1 item == "/" then item else "${toString modulesPath}/${item}";
        found = elsewhere path;
      in
      if isPath found then toString found else path
    else if isConvertibleWithToString item then
      if item ? key && item.key != toString item then
        explain.ambiguousDisabled file item
      else
        toString item
    else if item ? key then
      item.key
    else
      explain.undeterminedDisabled file item;

  # A predicate: which nodes of the tree are disabled.
  disabledBy =
    modulesPath: tree:
    let
      items = concatMap (node: node.disabled) tree;
      keys = concatMap ({ file, disabled }: map (disabledKey modulesPath file) disabled) items;
    in
    if items == [ ] then _: false else node: elem node.key keys;

  collectSlowly =
    class: modulesPath: initial: args:
    let
      tree = collectTree class args initial;
      isDisabled = disabledBy modulesPath tree;
      enabled = filter (node: !isDisabled node);
    in
    map (node: node.module) (genericClosure {
      startSet = enabled tree;
      operator = node: enabled node.imports;
    });

  # Does what is usual in the evaluator, where there is such help (see ./default.nix); it gives null
  # for modules that it leaves to `collectSlowly`.
  native = builtins.firn.modules or null;
  helpers = {
    inherit (explain) closedPattern;
    # Of a file that can't be imported, the reason if the evaluator does not say enough.
    importFailed =
      parentFile: path:
      if
        builtins.pathExists path
        && builtins.readFileType path == "directory"
        && !builtins.pathExists (path + "/default.nix")
      then
        explain.folderWithoutDefault parentFile path
      else
        null;
    inherit
      importFile
      lookUp
      toString
      unknownModule
      ;
    load = class: args: loadModule class (attrNames args) args;
    unify = unifyModuleSyntax;
  };

  /*
    `{ modules, graph }`: the modules that take part, each once, nearest to the root first; and the
    tree of imports for tools. The two share nothing, so that the tree can be freed.
  */
  collectModules = class: modulesPath: initial: args: {
    modules =
      let
        found = native.collect helpers class args initial;
      in
      if native == null || found == null then collectSlowly class modulesPath initial args else found;
    graph =
      let
        tree = collectTree class args initial;
        isDisabled = disabledBy modulesPath tree;
        show = node: {
          disabled = isDisabled node;
          inherit (node) key;
          file = node.module._file;
          imports = map show node.imports;
        };
      in
      map show (filter (node: node.key != internalKey) tree);
  };

  # Key of the module that declares `_module.*`.
  internalKey = "lib/modules.nix";
in
{
  inherit
    applyModuleArgsIfFunction
    collectModules
    internalKey
    unifyModuleSyntax
    ;

  /**
    A module that messages place in a file, unless it says itself where it is.

    # Type
    `setDefaultModuleLocation :: Path -> Module -> Module`

    # Example
    (lib.setDefaultModuleLocation "x.nix" { })._file
    => "x.nix"
  */
  setDefaultModuleLocation = file: m: {
    _file = file;
    imports = [ m ];
  };
}
