# Sets of files to filters of sources, and back.
{ lib }:
let
  inherit (builtins)
    all
    attrValues
    elemAt
    filter
    isAttrs
    isString
    length
    mapAttrs
    readDir
    stringLength
    substring
    ;
  inherit (lib.filesystem) pathType;

  tree = import ./tree.nix { inherit lib; };

  # A tree in which a folder without any file is nothing: the store shall not have it.
  prune =
    path: inner:
    let
      entries = mapAttrs (name: prune (path + "/${name}")) (tree.entries path inner);
      values = attrValues entries;
    in
    if !(isAttrs inner || inner == "directory") then
      inner
    else if all (entry: entry == null) values then
      null
    else if all isString values then
      "directory"
    else
      entries;

  # Whether there is something of a tree at the path of components.
  isIn =
    components: inner:
    let
      descend =
        at: here:
        if !isAttrs here then
          here != null
        else
          at == length components || descend (at + 1) here.${elemAt components at};
    in
    descend 0 inner;

  unstorable =
    path:
    throw ''
      lib.fileset.toSource: `fileset` contains a file that cannot be added to the store: ${path}
          This file is neither a regular file nor a symlink, the only file types supported by the Nix store.
          Therefore the file set cannot be added to the Nix store as is. Make sure to not include that file to avoid this error.'';

  absolute = components: "/" + builtins.concatStringsSep "/" components;
in
{
  # The filter of a source, a function of path (a string) and type, that keeps the files of a set.
  toFilter =
    set:
    let
      inner = prune set._internalBase set._internalTree;
      base =
        if set._internalBaseComponents == [ ] then "/" else absolute set._internalBaseComponents + "/";
      baseLength = stringLength base;
      below = path: filter isString (builtins.split "/" (substring baseLength (-1) path));
      keep =
        path: type:
        let
          folder = path + "/";
          leadsToBase = substring 0 (stringLength folder) base == folder;
          isBelowBase = substring 0 baseLength folder == base;
        in
        (leadsToBase || (isBelowBase && isIn (below path) inner)) && (type != "unknown" || unstorable path);
    in
    if set._internalIsEmptyWithoutBase || inner == null then _: _: false else keep;

  # The set of the files below a path that a filter of a source keeps.
  fromFilter =
    root: keep:
    let
      # Filters take strings, folders are read by path: both are led along.
      entry =
        path: string: type:
        if !keep string type then
          null
        else if type == "directory" then
          folder path string
        else
          type;
      folder =
        path: string: mapAttrs (name: entry (path + "/${name}") (string + "/${name}")) (readDir path);
      rootString = absolute (lib.path.subpath.components (lib.path.splitRoot root).subpath);
      type = pathType root;
    in
    # The root itself is never asked about.
    if type == "directory" then
      tree.create root (folder root rootString)
    else
      tree.create (dirOf root) { ${baseNameOf root} = type; };
}
