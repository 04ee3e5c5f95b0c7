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

  /*
    One level. `context` finds the positions of definitions (see `locate.nix`), `loc` is the level's
    path, `above` how many names of it lie outside of this evaluation. Gives `{ options, value,
    unmatched }`; `unmatched` are the definitions `{ file, value, prefix }` of names that are not
    declared.
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
          define.evalOption {
            whence = context place;
            loc = place;
            inherit option type;
            record = declare.recordOf place declaration._file position option type;
            definitions = defined.${name} or [ ];
          }
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

      # A name that several modules may declare.
      resolve =
        name: here:
        let
          place = loc ++ [ name ];
          options = filter (isOptionDeclaration place) here;
          # Lazy: an option that is declared badly is an error only when it is used.
          leaf =
            list:
            let
              option = declare.fixupOptionType place (declare.mergeOptionDecls place list);
            in
            define.evalOption {
              whence = context place;
              loc = place;
              inherit option;
              inherit (option) type;
              record = option;
              definitions = defined.${name} or [ ];
            };
        in
        if options == [ ] then
          level context above place here (if defined ? ${name} then pushDown defined.${name} else [ ])
        else if length options == length here then
          leaf here
        else if all (declaration: declaration.options.type.name or null == "submodule") options then
          leaf (map asSubmodule here)
        else
          explain.optionWithOptionsBelow place (head options) (
            filter (declaration: !isOption declaration.options) here
          );

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
          mapAttrs resolve (zipAttrs (map (declarationsIn loc) declarations));

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
in
{
  # The whole tree of modules in their full form.
  mergeTree =
    prefix: modules: root (locate.inModules modules) prefix modules (rootDefinitions modules);

  mergeModules =
    prefix: modules:
    published (root (locate.inModules modules) prefix modules (rootDefinitions modules));

  mergeModules' =
    prefix: modules: definitions:
    published (root (_: locate.nowhere) prefix modules definitions);
}
