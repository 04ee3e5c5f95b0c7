# Line and column of definitions. Modules don't carry them along; when a message needs them, the
# modules are searched for the option's path once more.
{ lib }:
let
  inherit (builtins)
    concatMap
    elemAt
    filter
    genList
    head
    isAttrs
    isString
    length
    match
    pathExists
    readFile
    split
    stringLength
    substring
    tail
    unsafeGetAttrPos
    ;

  attempt = builtins.firn.modules.attempt or builtins.tryEval;

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

  # What the library itself made is nowhere.
  library = "${toString ../.}/";
  isWritten = place: substring 0 (stringLength library) place.position.file != library;

  # A file with the first of its lines that matches, if it can be read and has one: for what has no
  # position in the language.
  withLine =
    file: pattern:
    let
      name = toString file;
      lines = filter isString (split "\n" (readFile name));
      found = filter (n: match pattern (elemAt lines n) != null) (genList (n: n) (length lines));
      line = attempt (if found == [ ] then null else head found + 1);
    in
    if substring 0 1 name == "/" && pathExists name && line.success && line.value != null then
      "${name}:${toString line.value}"
    else
      name;
in
{
  inherit withLine;

  # For definitions that come from no modules.
  nowhere = [ ];

  # The places `{ file, position, priority }` where modules define a path. Lazy: built only for messages.
  inModules =
    modules: path:
    concatMap (
      module:
      map (place: place // { file = module._file; }) (
        filter isWritten (placesIn null path module.config)
      )
    ) modules;
}
