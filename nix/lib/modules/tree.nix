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
  inherit (lib.options) isOption;

  properties = import ./properties.nix { inherit lib; };
  declare = import ./declare.nix { inherit lib; };
  define = import ./define.nix { inherit lib; };
  explain = import ./explain.nix { inherit lib; };
  locate = import ./locate.nix { inherit lib; };

  # The declarations `{ _file, pos, options }` that a module or a set within it makes, by name.
  declarationsIn =
    loc: declaration:
    let
      set = declaration.options;
    in
    if !isAttrs set then
      explain.declarationNotASet loc declaration
    else if set ? _type then
      explain.conditionalDeclaration loc declaration
    else
      mapAttrs (name: options: {
        inherit (declaration) _file;
        inherit options;
        pos = unsafeGetAttrPos name set;
      }) set;

  # The definitions `{ file, value }` in a set of them, by name.
  definitionsIn =
    loc: definition:
    if isAttrs definition.config then
      mapAttrs (_: value: {
        inherit (definition) file;
        inherit value;
      }) definition.config
    else
      explain.definitionNotASet loc definition;

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
    One level. `context` is `{ locate, prefix }`, `above` the path of the level within this evaluation,
    `loc` its full path. Gives `{ options, value, unmatched }`; `unmatched` are the definitions
    `{ file, value, prefix }` of names that are not declared.
  */
  level =
    context: above: loc: declarations: definitions:
    let
      declared = zipAttrs (map (declarationsIn loc) declarations);
      defined = zipAttrs (map (definitionsIn loc) definitions);

      resolve =
        name: here:
        let
          place = loc ++ [ name ];
          path = above ++ [ name ];
          options = filter (isOptionDeclaration place) here;
          option = list: declare.fixupOptionType place (declare.mergeOptionDecls place list);
          # Lazy: an option that is declared badly is an error only when it is used.
          evaluate =
            list:
            let
              result = define.evalOption (context.locate path) place (option list) (defined.${name} or [ ]);
            in
            {
              options = result;
              inherit (result) value;
              unmatched = [ ];
            };
        in
        if options == [ ] then
          level context path place here (if defined ? ${name} then pushDown defined.${name} else [ ])
        else if length options == length here then
          evaluate here
        else if all (declaration: declaration.options.type.name or null == "submodule") options then
          evaluate (map asSubmodule here)
        else
          explain.optionWithOptionsBelow place (head options) (
            filter (declaration: !isOption declaration.options) here
          );

      results = mapAttrs resolve declared;

      unmatchedHere = mapAttrs (
        name: map (definition: definition // { prefix = above ++ [ name ]; })
      ) (removeAttrs defined (attrNames declared));
      unmatchedBelow = mapAttrs (_: result: result.unmatched) (intersectAttrs defined results);
    in
    {
      options = mapAttrs (_: result: result.options) results;
      value = mapAttrs (_: result: result.value) results;
      # Without definitions nothing is asked of the declarations.
      unmatched =
        if definitions == [ ] then [ ] else lib.lists.concatAttrValues (unmatchedBelow // unmatchedHere);
    };

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
    prefix: modules:
    level {
      locate = locate.inModules modules;
    } [ ] prefix modules (rootDefinitions modules);

  mergeModules =
    prefix: modules:
    published (
      level { locate = locate.inModules modules; } [ ] prefix modules (rootDefinitions modules)
    );

  mergeModules' =
    prefix: modules: definitions:
    published (level { locate = _: locate.nowhere; } [ ] prefix modules definitions);
}
