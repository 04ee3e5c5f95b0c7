# Line and column of definitions. Modules don't carry them along; when a message needs them, the
# modules are searched for the option's path once more.
{ lib }:
let
  inherit (builtins)
    concatMap
    head
    isAttrs
    length
    tail
    unsafeGetAttrPos
    ;

  # The places `{ position, priority }` at which a definition, perhaps within properties, defines a
  # path; `priority` is null if nothing is said of it.
  placesIn =
    priority: path: config:
    let
      name = head path;
      kind = config._type or null;
      position = unsafeGetAttrPos name config;
      value = config.${name};
    in
    if path == [ ] || !isAttrs config then
      [ ]
    else if kind == "merge" then
      concatMap (placesIn priority path) config.contents
    else if kind == "override" then
      placesIn config.priority path config.content
    else if kind == "if" || kind == "order" then
      placesIn priority path config.content
    else if !(config ? ${name}) then
      [ ]
    else if length path > 1 then
      placesIn priority (tail path) value
    else if position == null then
      [ ]
    else
      # The value itself is left alone, though it may have a priority too: the message may be about an
      # error in it.
      [ { inherit position priority; } ];
in
{
  # For definitions that come from no modules.
  nowhere = [ ];

  # The places `{ file, position, priority }` where modules define a path. Lazy: built only for messages.
  inModules =
    modules: path:
    concatMap (
      module:
      map (place: place // { file = module._file; }) (placesIn null path module.config)
    ) modules;
}
