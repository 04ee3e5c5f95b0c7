# Sets of files for people to read: one trace message for each line.
{ lib }:
let
  inherit (builtins)
    all
    attrNames
    attrValues
    foldl'
    isAttrs
    isString
    mapAttrs
    seq
    trace
    ;

  tree = import ./tree.nix { inherit lib; };

  isNothing = inner: inner == null || inner == "emptyDir";

  # A tree as short as can be: folders without files are `emptyDir`, and count as whole or as nothing,
  # whichever is shorter.
  shorten =
    path: inner:
    let
      entries = mapAttrs (name: shorten (path + "/${name}")) (tree.entries path inner);
      values = attrValues entries;
    in
    if !(isAttrs inner || inner == "directory") then
      inner
    else if all (entry: entry == "emptyDir") values then
      "emptyDir"
    else if inner == "directory" || all isString values then
      "directory"
    else if all isNothing values then
      null
    else
      entries;

  describe =
    inner:
    if isAttrs inner then
      ""
    else if inner == "directory" then
      " (all files in directory)"
    else
      " (${inner})";

  # Traces the lines of a folder's entries after what came before.
  printEntries =
    indent: before: inner:
    foldl' (
      done: name:
      let
        entry = inner.${name};
        line = seq done (trace "${indent}- ${name}${describe entry}" null);
      in
      if isNothing entry then
        done
      else if isAttrs entry then
        printEntries "${indent}  " line entry
      else
        line
    ) before (attrNames inner);

  printTree =
    base: inner:
    let
      first =
        if isNothing inner then trace "(empty)" null else trace (toString base + describe inner) null;
    in
    if isAttrs inner then seq first (printEntries "" first inner) else first;
in
{
  # Traces a set; gives null.
  print =
    set:
    if set._internalIsEmptyWithoutBase then
      trace "(empty)" null
    else
      printTree set._internalBase (shorten set._internalBase set._internalTree);
}
