# `lib.attrsets.updateManyAttrsByPath`.
{ lib }:
let
  inherit (builtins)
    elemAt
    head
    isAttrs
    length
    mapAttrs
    partition
    ;
  inherit (lib.attrsets) showAttrPath;
  inherit (lib.lists) foldl groupBy take;

  missing =
    update:
    throw "updateManyAttrsByPath: Path '${showAttrPath update.path}' does not exist in the given value, but the first update to this path tries to access the existing value.";

  notASet =
    depth: update:
    throw "updateManyAttrsByPath: Path '${showAttrPath update.path}' needs to be updated, but path '${showAttrPath (take depth update.path)}' of the given value is not an attribute set, so we can't update an attribute inside of it.";

  # `old` is `[ value ]`, or `[ ]` where the value has nothing at this place.
  apply =
    depth: old: updates:
    let
      split = partition (update: length update.path == depth) updates;
      here = split.right;
      below = split.wrong;
      belowByName = groupBy (update: elemAt update.path depth) below;
      value = head old;
      children =
        parent:
        mapAttrs (name: apply (depth + 1) (if parent ? ${name} then [ parent.${name} ] else [ ])) belowByName;
      updatedBelow =
        if below == [ ] then
          if old == [ ] then missing (head here) else value
        else if old == [ ] then
          children { }
        else if isAttrs value then
          value // children value
        else
          notASet depth (head below);
    in
    # The lazy fold: an update that ignores the old value must not evaluate it.
    foldl (result: update: update.update result) updatedBelow here;
in
updates: value: apply 0 [ value ] updates
