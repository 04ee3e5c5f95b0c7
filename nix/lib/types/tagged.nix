# Attribute sets of exactly one attribute, which says what kind of value it holds (part of
# `lib.types`).
{ lib }:
let
  inherit (builtins)
    addErrorContext
    attrNames
    head
    intersectAttrs
    isAttrs
    length
    mapAttrs
    unsafeGetAttrPos
    ;
  inherit (lib.modules) evalOptionValue mergeOptionDecls;
  inherit (lib.options) showOption showPlaces;
  inherit (lib.strings) concatMapStringsSep escapeNixIdentifier escapeNixString;
  inherit (lib.types) defaultFunctor mkOptionType;

  redefine = import ../modules/redefine.nix;

  # A tag's declaration with its place, or an error about what is none.
  checkTag =
    tags: name: declaration:
    let
      position = unsafeGetAttrPos name tags;
      positions = if position == null then [ ] else [ position ];
      at = if position == null then "" else " at ${position.file}:${toString position.line}:${toString position.column}";
      tag = escapeNixIdentifier name;
      kind = declaration._type or null;
      found =
        if kind == null then
          "was not."
        else if kind == "option-type" then
          "was a bare type, not wrapped in mkOption."
        else
          "was of type ${escapeNixString kind}.";
    in
    addErrorContext "while checking that attrTag tag ${tag} is an option with a type${at}" (
      if kind != "option" then
        throw "In attrTag, each tag value must be an option, but tag ${tag} ${found}"
      else
        declaration
        // {
          declarations = declaration.declarations or (map (place: place.file) positions);
          declarationPositions = declaration.declarationPositions or positions;
        }
    );

  # Two declarations of a tag as one.
  joinTag =
    name: left: right:
    let
      asDeclaration = options: {
        inherit options;
        _file = "<attrTag {...}>";
        pos = null;
      };
    in
    mergeOptionDecls [ name ] [
      (asDeclaration left)
      (asDeclaration right)
    ]
    // {
      declarations = left.declarations ++ right.declarations;
      declarationPositions = left.declarationPositions ++ right.declarationPositions;
    };

  tagged = {
    /**
      One of several named options: `{ NAME = VALUE; }`.

      # Example
      (lib.mergeDefinitions [ "x" ] (lib.types.attrTag { a = lib.mkOption { type = lib.types.int; }; }) [ { file = "f"; value.a = 1; } ]).mergedValue
      => { a = 1; }
    */
    attrTag =
      declared:
      let
        tags = mapAttrs (checkTag declared) declared;
        choices = concatMapStringsSep ", " escapeNixIdentifier (attrNames tags);
        tagOf = definition: head (attrNames definition.value);
      in
      mkOptionType {
        name = "attrTag";
        description = "attribute-tagged union with choices: ${choices}";
        descriptionClass = "noun";
        check = value: isAttrs value && length (attrNames value) == 1 && tags ? ${head (attrNames value)};
        merge =
          loc: definitions:
          let
            tag = tagOf (head definitions);
            files = showPlaces definitions;
            inner =
              definition:
              assert length (attrNames definition.value) == 1;
              if tagOf definition == tag then
                redefine definition tag definition.value.${tag}
              else
                throw "The option `${showOption loc}` is defined both as `${tag}` and `${tagOf definition}`, in ${files}.";
          in
          if tags ? ${tag} then
            { ${tag} = (evalOptionValue (loc ++ [ tag ]) tags.${tag} (map inner definitions)).value; }
          else
            throw "The option `${showOption loc}` is defined as ${escapeNixIdentifier tag}, but ${escapeNixIdentifier tag} is not among the valid choices (${choices}). Value ${tag} was defined in ${files}.";
        getSubOptions = prefix: mapAttrs (name: option: option // { loc = prefix ++ [ name ]; }) tags;
        nestedTypes = tags;
        functor = defaultFunctor "attrTag" // {
          payload = { inherit tags; };
          type = payload: tagged.attrTag payload.tags;
          binOp = left: right: {
            tags =
              left.tags
              // right.tags
              // mapAttrs (name: joinTag name left.tags.${name}) (intersectAttrs left.tags right.tags);
          };
        };
      };
  };
in
tagged
