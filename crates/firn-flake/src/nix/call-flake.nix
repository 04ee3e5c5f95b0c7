# The value of a locked flake: its sourceInfo and inputs together with what `outputs` returns.
#
#   lock       the lock file as a value
#   atHand     trees that were fetched while locking, by node: { sourceInfo, dir }
#   fetchTree  fetches what the attribute `locked` of a node says
lock: atHand: fetchTree:
let
  inherit (builtins)
    foldl'
    isFunction
    isList
    mapAttrs
    removeAttrs
    substring
    ;

  # An edge is the key of a node, or a path of inputs that starts at the root.
  target = edge: if isList edge then walk edge else edge;
  walk = foldl' (key: name: target lock.nodes.${key}.inputs.${name}) lock.root;

  load =
    key: node:
    let
      locked = node.locked or { };
      known = atHand.${key} or null;
      isRelative = known == null && locked.type or "" == "path" && substring 0 1 locked.path != "/";
      parent = nodes.${walk node.parent};

      sourceInfo =
        if known != null then
          known.sourceInfo
        else if isRelative then
          parent.sourceInfo
        else
          fetchTree (removeAttrs locked [ "dir" ]);

      below = base: dir: if dir == "" then base else base + "/" + dir;
      dir = if known != null then known.dir else locked.dir or "";
      outPath = below (if isRelative then below parent.outPath locked.path else sourceInfo.outPath) dir;

      flake = import (outPath + "/flake.nix");
      inputs = mapAttrs (_: edge: nodes.${target edge}.value) (node.inputs or { });
      outputs = flake.outputs (inputs // { self = value; });

      value =
        outputs
        // sourceInfo
        // {
          inherit
            inputs
            outPath
            outputs
            sourceInfo
            ;
          _type = "flake";
        };
    in
    {
      inherit outPath sourceInfo;
      value =
        if !(node.flake or true) then
          sourceInfo // { inherit outPath sourceInfo; }
        else
          assert isFunction flake.outputs;
          value;
    };

  nodes = mapAttrs load lock.nodes;
in
nodes.${lock.root}.value
