# Several declarations of one option made one.
{ lib }:
let
  inherit (builtins) elemAt foldl' length;
  explain = import ./explain.nix { inherit lib; };

  locateModules = file: map (m: { _file = file; imports = [ m ]; });

  # Where a declaration is; a generated one has no line.
  positionOf =
    declaration:
    if declaration.pos or null != null then
      declaration.pos
    else
      {
        file = declaration._file;
        line = null;
        column = null;
      };

  # The modules of a declaration's type, which know the file they come from.
  submodulesOf =
    { options, _file, ... }:
    let
      modules = options.type.getSubModules or null;
    in
    if modules == null then [ ] else locateModules _file modules;

  first =
    loc: declaration:
    declaration.options
    // {
      inherit loc;
      declarations = [ declaration._file ];
      declarationPositions = [ (positionOf declaration) ];
      options = submodulesOf declaration;
    };

  # What only one declaration of an option may say.
  exclusive = [
    "default"
    "example"
    "description"
    "apply"
  ];

  join =
    loc: merged: declaration:
    let
      new = declaration.options;
      clash = explain.declaredTwice loc merged declaration;
      type = merged.type.typeMerge new.type.functor;
    in
    if builtins.any (name: merged ? ${name} && new ? ${name}) exclusive then
      clash "both declarations set `${
        lib.lists.findFirst (name: merged ? ${name} && new ? ${name}) "" exclusive
      }'"
    else
      new
      // merged
      // {
        declarations = merged.declarations ++ [ declaration._file ];
        declarationPositions = merged.declarationPositions ++ [ (positionOf declaration) ];
        options = submodulesOf declaration ++ merged.options;
      }
      // (
        if !(merged ? type && new ? type) then
          { }
        else if type == null then
          clash "the type `${merged.type.description}' cannot be merged with `${new.type.description}'"
        else
          { inherit type; }
      );

  /**
    One declaration from those of an option, each `{ _file, pos, options }` with `options` what
    `mkOption` gave. `options` of the result are the modules of its submodule type.

    # Type
    `mergeOptionDecls :: [String] -> [AttrSet] -> Option`

    # Example
    (lib.mergeOptionDecls [ "x" ] [ { _file = "f"; pos = null; options = lib.mkOption { default = 1; }; } ]).declarations
    => [ "f" ]
  */
  mergeOptionDecls =
    loc: declarations:
    if declarations == [ ] then
      {
        inherit loc;
        declarations = [ ];
        declarationPositions = [ ];
        options = [ ];
      }
    else
      let
        start = first loc (elemAt declarations 0);
      in
      if length declarations == 1 then
        start
      else
        foldl' (join loc) start (lib.lists.drop 1 declarations);

  /**
    Gives an option without type the type that merges anything, and a type with submodules those
    that know where they were declared.

    # Type
    `fixupOptionType :: [String] -> Option -> Option`

    # Example
    (lib.modules.fixupOptionType [ "x" ] (lib.mkOption { })).type.name
    => "unspecified"
  */
  fixupOptionType =
    _loc: option:
    if option.type.getSubModules or null == null then
      if option ? type then option else option // { type = lib.types.unspecified; }
    else
      option
      // {
        type = option.type.substSubModules option.options;
        options = [ ];
      };
in
{
  inherit fixupOptionType mergeOptionDecls;

  # A type with submodules that know where they were declared.
  locatedType = file: type: type.substSubModules (locateModules file type.getSubModules);

  # What the two make of the only declaration of an option, which is the usual case. `option` is what
  # `mkOption` gave, `file` where; `position` is lazy.
  recordOf =
    loc: file: position: option: type:
    option
    // {
      inherit loc type;
      declarations = [ file ];
      declarationPositions = [
        (positionOf {
          pos = position;
          _file = file;
        })
      ];
      options = [ ];
    };
}
