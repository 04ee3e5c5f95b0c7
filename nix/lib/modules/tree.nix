# Which options are declared where, and which definitions belong to each.
#
# One level of the tree is handled at a time: the names declared there by any module, each an option
# or another level, and the definitions of each name.
{ lib }:
let
  inherit (builtins)
    all
    attrNames
    concatMap
    head
    filter
    intersectAttrs
    isAttrs
    length
    mapAttrs
    removeAttrs
    typeOf
    unsafeGetAttrPos
    ;
  inherit (lib.attrsets) zipAttrs;
  inherit (lib.lists) drop;
  inherit (lib.options) isOption;

  fallbackFile = import ./fallback.nix;
  properties = import ./properties.nix { inherit lib; };
  declare = import ./declare.nix { inherit lib; };
  define = import ./define.nix { inherit lib; };
  explain = import ./explain.nix { inherit lib; };
  locate = import ./locate.nix { inherit lib; };

  # The declarations that a module or a set within it makes, by name.
  declaredSet =
    loc: declaration:
    let
      set = declaration.options;
    in
    if !isAttrs set then
      explain.declarationNotASet loc declaration
    else if set ? _type then
      explain.conditionalDeclaration loc declaration
    else
      set;

  # They each as `{ _file, pos, options }`.
  declarationsIn =
    loc: declaration:
    let
      set = declaredSet loc declaration;
    in
    mapAttrs (name: options: {
      inherit (declaration) _file;
      inherit options;
      pos = unsafeGetAttrPos name set;
    }) set;

  # Definitions of a level `{ file, config }` from those of its name.
  pushDown = concatMap (
    definition:
    if definition.value ? _type then
      map (config: {
        inherit (definition) file;
        inherit config;
      }) (properties.pushDownProperties definition.value)
    else
      [
        {
          inherit (definition) file;
          config = definition.value;
        }
      ]
  );

  # An option from a level of options that other modules declare as one option with submodules.
  asSubmodule =
    declaration:
    if isOption declaration.options then
      declaration
    else
      declaration
      // {
        options = lib.options.mkOption {
          type = lib.types.submoduleWith {
            modules = [ { inherit (declaration) options; } ];
            # Not decided here: another declaration decides.
            shorthandOnlyDefinesConfig = null;
          };
        };
      };

  isOptionDeclaration =
    loc: declaration:
    declaration.options ? _type
    && (
      declaration.options._type == "option"
      || explain.notAnOption loc declaration.options._type declaration._file
    );

  # Without the declarations of fallbacks, unless there are no others.
  preferOwn =
    declarations:
    let
      own = filter (declaration: declaration._file != fallbackFile) declarations;
    in
    if own == [ ] then declarations else own;

  # What is defined of an option that only a fallback declares is told apart among what is not declared.
  noteInert =
    file: path: definitions: result:
    if file != fallbackFile then
      result
    else
      result
      // {
        unmatched = map (
          definition:
          definition
          // {
            prefix = path;
            inert = true;
          }
        ) definitions;
      };

  # A name that several modules may declare, each `{ _file, pos, options }`, with its definitions.
  resolve =
    context: above: place: here: definitions:
    let
      options = filter (isOptionDeclaration place) here;
      # Lazy: an option that is declared badly is an error only when it is used.
      leaf =
        list:
        let
          option = declare.fixupOptionType place (declare.mergeOptionDecls place list);
        in
        noteInert (head list)._file (drop above place) definitions (
          define.evalOption {
            whence = context place;
            loc = place;
            inherit definitions option;
            inherit (option) type;
            record = option;
          }
        );
      own = preferOwn here;
    in
    if options == [ ] then
      level context above place here (pushDown definitions)
    else if length options == length here then
      leaf own
    else if all (declaration: declaration.options.type.name or null == "submodule") options then
      leaf (map asSubmodule here)
    else if length own < length here then
      resolve context above place own definitions
    else
      explain.optionWithOptionsBelow place (head options) (
        filter (declaration: !isOption declaration.options) here
      );

  /*
    One level. `context` finds the positions of definitions (see `locate.nix`), `loc` is the level's
    path, `above` how many names of it lie outside of this evaluation. Gives `{ options, value,
    unmatched }`; `unmatched` are the definitions `{ file, value, prefix }` of names that are not
    declared, and, with `inert`, those of options that only a fallback declares.
  */
  level =
    context: above: loc: declarations: definitions:
    let
      # The definitions `{ file, value }` in a set of them, by name.
      collect =
        { file, config, ... }@definition:
        if isAttrs config then
          mapAttrs (_: value: { inherit file value; }) config
        else
          explain.definitionNotASet (context loc) loc definition (attrNames results);
      defined =
        if definitions == [ ] then
          { }
        else if length definitions == 1 then
          mapAttrs (_: definition: [ definition ]) (collect (head definitions))
        else
          zipAttrs (map collect definitions);

      # A name that one module declares.
      resolveOne =
        declaration: name: option:
        let
          place = loc ++ [ name ];
          type =
            if option.type.getSubModules or null == null then
              option.type or lib.types.unspecified
            else
              declare.locatedType declaration._file option.type;
          position = unsafeGetAttrPos name declaration.options;
        in
        if option._type or null == "option" then
          noteInert declaration._file (drop above place) (defined.${name} or [ ]) (
            define.evalOption {
              whence = context place;
              loc = place;
              inherit option type;
              record = declare.recordOf place declaration._file position option type;
              definitions = defined.${name} or [ ];
            }
          )
        else if option ? _type then
          explain.notAnOption place option._type declaration._file
        else
          level context above place
            [
              {
                inherit (declaration) _file;
                options = option;
              }
            ]
            (if defined ? ${name} then pushDown defined.${name} else [ ]);

      resolveHere =
        name: here: resolve context above (loc ++ [ name ]) here defined.${name} or [ ];

      results =
        if length declarations == 1 then
          let
            declaration = head declarations;
          in
          mapAttrs (resolveOne declaration) (
            if isAttrs declaration.options && !(declaration.options ? _type) then
              declaration.options
            else
              declaredSet loc declaration
          )
        else
          mapAttrs resolveHere (zipAttrs (map (declarationsIn loc) declarations));

      path = drop above loc;
      unmatchedHere = mapAttrs (
        name: map (definition: definition // { prefix = path ++ [ name ]; })
      ) (removeAttrs defined (attrNames results));
      unmatchedBelow = mapAttrs (_: result: result.unmatched) (intersectAttrs defined results);
    in
    {
      options = mapAttrs (_: result: result.options) results;
      value = mapAttrs (_: result: result.value) results;
      # Without definitions nothing is asked of the declarations.
      unmatched =
        if definitions == [ ] then [ ] else lib.lists.concatAttrValues (unmatchedBelow // unmatchedHere);
    };

  # The level at the root: of a path that is all outside of the evaluation.
  root = locateIn: prefix: level (place: locateIn (drop (length prefix) place)) (length prefix) prefix;

  rootDefinitions = concatMap (
    module:
    map (config: {
      file = module._file;
      inherit config;
    }) (properties.pushDownProperties module.config)
  );

  # The shape in which the result was always handed out.
  published = result: {
    matchedOptions = result.options;
    unmatchedDefns = result.unmatched;
  };

  # Does what is usual in the evaluator, where there is such help (see ./default.nix).
  native = builtins.firn.modules or null;
  helpers = {
    inherit declaredSet fallbackFile resolve;
    inherit (declare) locatedType;
    inherit (define) mergeDefinitions;
    inherit (explain) whileEvaluating;
    inherit (lib.types) unspecified;
    definitionNotASet =
      whence: loc: definition: results:
      explain.definitionNotASet whence loc definition (attrNames results);
    # An option that has something unusual about it.
    option =
      {
        whence,
        loc,
        file,
        option,
        type,
        position,
        definitions,
      }:
      define.evalOption {
        inherit
          definitions
          loc
          option
          type
          whence
          ;
        record = declare.recordOf loc file position option type;
      };
  };
  treeNatively =
    prefix: modules:
    let
      outside = length prefix;
      locateIn = locate.inModules modules;
    in
    native.tree helpers (place: locateIn (drop outside place)) outside prefix modules;
in
{
  # The whole tree of modules in their full form.
  mergeTree =
    if native != null then
      treeNatively
    else
      prefix: modules: root (locate.inModules modules) prefix modules (rootDefinitions modules);

  mergeModules =
    prefix: modules:
    published (root (locate.inModules modules) prefix modules (rootDefinitions modules));

  mergeModules' =
    prefix: modules: definitions:
    published (root (_: locate.nowhere) prefix modules definitions);
}
