# Line and column of definitions. Modules don't carry them along; when a message needs them, the
# modules are searched for the option's path once more.
{ lib }:
let
  inherit (builtins)
    concatMap
    filter
    head
    isAttrs
    length
    tail
    unsafeGetAttrPos
    ;

  # The positions at which a definition, perhaps within properties, defines a path.
  positionsIn =
    path: config:
    let
      name = head path;
      kind = config._type or null;
    in
    if !isAttrs config then
      [ ]
    else if kind == "merge" then
      concatMap (positionsIn path) config.contents
    else if kind == "if" || kind == "override" || kind == "order" then
      positionsIn path config.content
    else if !(config ? ${name}) then
      [ ]
    else if length path == 1 then
      filter (position: position != null) [ (unsafeGetAttrPos name config) ]
    else
      positionsIn (tail path) config.${name};
in
{
  # For definitions that come from no modules.
  nowhere = [ ];

  # The places `{ file, position }` where modules define a path. Lazy: built only for messages.
  inModules =
    modules: path:
    concatMap (
      module:
      map (position: {
        file = module._file;
        inherit position;
      }) (positionsIn path module.config)
    ) modules;
}
