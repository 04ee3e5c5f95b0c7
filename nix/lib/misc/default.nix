# Old functions that published code may still call. New code should not.
{ lib }:
let
  inherit (builtins)
    attrNames
    concatMap
    elem
    filter
    getEnv
    head
    isAttrs
    isBool
    isInt
    isList
    mapAttrs
    removeAttrs
    tail
    ;
  inherit (lib.attrsets) genAttrs;
  inherit (lib.lists) foldl foldr toList;
  inherit (lib.trivial) isFunction;

  zeros = count: lib.strings.replicate count "0";

  # A package's dependencies that its users need too.
  propagated =
    package: (package.propagatedBuildInputs or [ ]) ++ (package.propagatedNativeBuildInputs or [ ]);

  misc = {
    /** A hash that is never right: to be told the right one by the error. */
    fakeHash = "sha256-${lib.strings.replicate 43 "A"}=";

    /** `fakeHash` as a sha256 in hexadecimal. */
    fakeSha256 = zeros 64;

    /** `fakeHash` as a sha512 in hexadecimal. */
    fakeSha512 = zeros 128;

    /**
      A variable of the environment, or a default where it is empty.

      # Type
      `maybeEnv :: String -> String -> String`

      # Example
      lib.maybeEnv "NO_SUCH_VARIABLE" "default"
      => "default"
    */
    maybeEnv =
      name: default:
      let
        value = getEnv name;
      in
      if value == "" then default else value;

    /**
      The second argument if it is a set, else it applied to the first.

      # Example
      lib.defaultMergeArg { a = 1; } (old: { b = old.a; })
      => { b = 1; }
    */
    defaultMergeArg = left: right: if isAttrs right then right else right left;

    /**
      The first set merged with `defaultMergeArg`.

      # Example
      lib.defaultMerge { a = 1; } (old: { b = old.a + 1; })
      => { a = 1; b = 2; }
    */
    defaultMerge = left: right: left // misc.defaultMergeArg left right;

    /**
      A function whose result can be called again with more arguments, merged to those it had.

      # Example
      (lib.foldArgs lib.mergeAttrs (args: args) { a = 1; } { b = 2; }).b
      => 2
    */
    foldArgs =
      merge: function: initial: given:
      let
        args = merge initial (misc.defaultMergeArg initial given);
        extend =
          passthru:
          passthru
          // {
            function = misc.foldArgs merge function args;
            args = (passthru.passthru.args or { }) // given;
          };
        result = misc.setAttrMerge "passthru" { } (function args) extend;
      in
      result // { override = result.passthru.function; };

    /**
      `maybeAttr` under an old name.

      # Example
      lib.maybeAttrNullable "b" 0 { a = 1; }
      => 0
    */
    maybeAttrNullable = misc.maybeAttr;

    /**
      An attribute, or a default.

      # Example
      lib.maybeAttr "a" 0 { a = 1; }
      => 1
    */
    maybeAttr =
      name: default: set:
      set.${name} or default;

    /**
      The value if the condition holds, else an empty one of its kind.

      # Example
      lib.ifEnable false [ 1 ]
      => [ ]
    */
    ifEnable =
      condition: value:
      if condition then
        value
      else if isList value then
        [ ]
      else if isAttrs value then
        { }
      else if isBool value then
        false
      else
        null;

    /**
      Whether a flag is set: by an attribute, or by a name in the list `flags`.

      # Example
      lib.checkFlag { flags = [ "a" ]; } "a"
      => true
    */
    checkFlag =
      set: name:
      if name == "true" then
        true
      else if name == "false" then
        false
      else
        elem name (set.flags or [ ]) || set.${name} or false;

    /**
      The value of an argument: an attribute, a flag, or a default from a list of pairs.

      # Example
      lib.getValue { a = 1; } [ ] "a"
      => 1
    */
    getValue =
      set: defaults: name:
      let
        pair = lib.lists.findFirst (entry: head entry == name) [
          name
          null
        ] defaults;
      in
      set.${name} or (if misc.checkFlag set name then true else builtins.elemAt pair 1);

    /**
      Whether every flag that is set has what it requires, by lists of a flag and its requirements.

      # Example
      lib.checkReqs { a = true; } [ ] [ [ "a" "b" ] ]
      => false
    */
    checkReqs =
      set: defaults: requirements:
      let
        isGiven =
          name:
          let
            value = misc.getValue set defaults name;
          in
          value != null && value != false;
      in
      builtins.all (
        entry: !misc.checkFlag set (head entry) || builtins.all isGiven (tail entry)
      ) requirements;

    /**
      A list without repetitions and without what `acc` holds.

      # Example
      lib.uniqList { inputList = [ 1 2 1 ]; }
      => [ 1 2 ]
    */
    uniqList =
      {
        inputList,
        acc ? [ ],
      }:
      (builtins.foldl' (
        state: element:
        if elem element state.seen then
          state
        else
          {
            seen = [ element ] ++ state.seen;
            kept = state.kept ++ [ element ];
          }
      ) {
        seen = acc;
        kept = [ ];
      } inputList).kept;

    /**
      `uniqList` by what `getter` makes of the elements, compared by `compare`.

      # Example
      lib.uniqListExt { inputList = [ { a = 1; b = 1; } { a = 1; b = 2; } ]; getter = x: x.a; }
      => [ { a = 1; b = 1; } ]
    */
    uniqListExt =
      {
        inputList,
        outputList ? [ ],
        getter ? lib.trivial.id,
        compare ? left: right: left == right,
      }:
      builtins.foldl' (
        kept: element:
        if builtins.any (other: compare (getter other) (getter element)) kept then
          kept
        else
          kept ++ [ element ]
      ) outputList inputList;

    /**
      A text with each second element of a list appended whose first satisfies a predicate.

      # Example
      lib.condConcat "x" [ 1 "a" 2 "b" ] (n: n > 1)
      => "xb"
    */
    condConcat =
      text: list: isWanted:
      if list == [ ] then
        text
      else
        misc.condConcat (
          if isWanted (head list) then text + head (tail list) else text
        ) (tail (tail list)) isWanted;

    /**
      `builtins.genericClosure` in reverse order; keys are compared one by one.

      # Example
      map (x: x.key) (lib.lazyGenericClosure { startSet = [ { key = 1; } ]; operator = x: if x.key < 3 then [ { key = x.key + 1; } ] else [ ]; })
      => [ 3 2 1 ]
    */
    lazyGenericClosure =
      { startSet, operator }:
      let
        work =
          todo: keys: result:
          if todo == [ ] then
            result
          else if elem (head todo).key keys then
            work (tail todo) keys result
          else
            work (tail todo ++ operator (head todo)) ([ (head todo).key ] ++ keys) (
              [ (head todo) ] ++ result
            );
      in
      work startSet [ ] [ ];

    /**
      `modifySumArgs` from some arguments on.

      # Example
      lib.innerModifySumArgs (args: rest: args) { c = 3; } { a = 1; } null
      => { a = 1; c = 3; }
    */
    innerModifySumArgs =
      function: change: args: more:
      if more == null then
        function args more // change
      else
        misc.innerModifySumArgs function change (args // more);

    /**
      A function of sets that are merged until `null` comes, with a change to its result.

      # Example
      lib.modifySumArgs (args: rest: args) { c = 3; } { a = 1; } null
      => { a = 1; c = 3; }
    */
    modifySumArgs = function: change: misc.innerModifySumArgs function change { };

    /**
      `closePropagationSlow` from some packages on, in reverse and with repetitions.

      # Example
      lib.innerClosePropagation [ ] [ { name = "a"; } ]
      => [ { name = "a"; } ]
    */
    innerClosePropagation =
      found: packages:
      if packages == [ ] then
        found
      else
        let
          package = head packages;
          more = [ package ] ++ found;
        in
        if !isAttrs package then
          misc.innerClosePropagation found (tail packages)
        else
          misc.innerClosePropagation more (
            misc.uniqList {
              inputList = propagated package ++ tail packages;
              acc = more;
            }
          );

    /**
      Packages with all they propagate, compared as values.

      # Example
      map (p: p.outPath) (lib.misc.closePropagationSlow [ { outPath = "a"; } { outPath = "a"; } ])
      => [ "a" ]
    */
    closePropagationSlow =
      packages: misc.uniqList { inputList = misc.innerClosePropagation [ ] packages; };

    /**
      Packages with all they propagate, compared by their paths.

      # Example
      map (p: p.outPath) (lib.misc.closePropagationFast [ { outPath = "a"; } { outPath = "a"; } ])
      => [ "a" ]
    */
    closePropagationFast =
      packages:
      let
        keyed =
          list:
          map (package: {
            key = package.outPath;
            inherit package;
          }) (filter (package: package != null) list);
      in
      map (entry: entry.package) (
        builtins.genericClosure {
          startSet = keyed packages;
          operator = entry: if isAttrs entry.package then keyed (propagated entry.package) else [ ];
        }
      );

    /**
      Packages with all they propagate.

      # Example
      map (p: p.outPath) (lib.closePropagation [ { outPath = "a"; propagatedBuildInputs = [ { outPath = "b"; } ]; } ])
      => [ "a" "b" ]
    */
    closePropagation = misc.closePropagationFast;

    /**
      A set of one attribute.

      # Example
      lib.nvs "a" 1
      => { a = 1; }
    */
    nvs = name: value: { ${name} = value; };

    /**
      A set with an attribute.

      # Example
      lib.setAttr { a = 1; } "b" 2
      => { a = 1; b = 2; }
    */
    setAttr =
      set: name: value:
      set // { ${name} = value; };

    /**
      A set with an attribute made by a function of the one it had, or of a default.

      # Example
      lib.setAttrMerge "a" 0 { a = 1; } (x: x + 1)
      => { a = 2; }
    */
    setAttrMerge =
      name: default: set: function:
      set // { ${name} = function (set.${name} or default); };

    /**
      Merges two sets by a function where both have the name.

      # Example
      lib.mergeAttrsWithFunc (x: y: x + y) { a = 1; } { a = 2; b = 3; }
      => { a = 3; b = 3; }
    */
    mergeAttrsWithFunc =
      function: left: right:
      right // mapAttrs (name: value: if right ? ${name} then function value right.${name} else value) left;

    /**
      Merges two sets; values of one name become a list.

      # Example
      lib.mergeAttrsConcatenateValues { a = 1; } { a = 2; }
      => { a = [ 1 2 ]; }
    */
    mergeAttrsConcatenateValues = misc.mergeAttrsWithFunc (left: right: toList left ++ toList right);

    /**
      Merges two sets: lists of some names are joined, some names keep the first value.

      # Example
      lib.mergeAttrsNoOverride { } { buildInputs = [ 1 ]; } { buildInputs = [ 2 ]; }
      => { buildInputs = [ 2 1 ]; }
    */
    mergeAttrsNoOverride =
      {
        mergeLists ? [
          "buildInputs"
          "propagatedBuildInputs"
        ],
        overrideSnd ? [ "buildPhase" ],
      }:
      left: right:
      left
      // mapAttrs (
        name: value:
        if !(left ? ${name}) then
          value
        else if elem name mergeLists then
          value ++ left.${name}
        else if elem name overrideSnd then
          left.${name}
        else
          throw "error mergeAttrsNoOverride, attribute ${name} given in both attributes - no merge func defined"
      ) right;

    /**
      Merges two sets by the functions that stand under their names in `mergeAttrBy` of either.

      # Example
      (lib.mergeAttrByFunc { mergeAttrBy.a = x: y: x ++ y; a = [ 1 ]; } { a = [ 2 ]; }).a
      => [ 1 2 ]
    */
    mergeAttrByFunc =
      left: right:
      let
        functions = {
          mergeAttrBy = lib.trivial.mergeAttrs;
        }
        // left.mergeAttrBy or { }
        // right.mergeAttrBy or { };
        used = lib.attrsets.filterAttrs (name: _: left ? ${name} || right ? ${name}) functions;
        merged = mapAttrs (
          name: function:
          if left ? ${name} && right ? ${name} then
            function left.${name} right.${name}
          else
            left.${name} or right.${name}
        ) used;
      in
      left // right // merged;

    /**
      Merges a list of sets by `mergeAttrByFunc` with usual functions.

      # Example
      (lib.mergeAttrsByFuncDefaults [ { buildInputs = [ 1 ]; } { buildInputs = [ 2 ]; } ]).buildInputs
      => [ 1 2 ]
    */
    mergeAttrsByFuncDefaults = foldl misc.mergeAttrByFunc { inherit (misc) mergeAttrBy; };

    /**
      `mergeAttrsByFuncDefaults` without the functions in the result.

      # Example
      lib.mergeAttrsByFuncDefaultsClean [ { buildInputs = [ 1 ]; } { buildInputs = [ 2 ]; } ]
      => { buildInputs = [ 1 2 ]; }
    */
    mergeAttrsByFuncDefaultsClean =
      sets: removeAttrs (misc.mergeAttrsByFuncDefaults sets) [ "mergeAttrBy" ];

    /** The usual functions to merge arguments of packages by. */
    mergeAttrBy =
      genAttrs [
        "nativeBuildInputs"
        "buildInputs"
        "propagatedBuildInputs"
        "configureFlags"
        "prePhases"
        "postAll"
        "patches"
      ] (_: lib.trivial.concat)
      // genAttrs [
        "passthru"
        "meta"
        "cfg"
        "flags"
      ] (_: lib.trivial.mergeAttrs)
      // genAttrs [
        "preConfigure"
        "postInstall"
      ] (_: left: right: "${left}\n${right}");

    /**
      The kind of a value, in words of its own.

      # Example
      lib.nixType { outPath = "x"; }
      => "derivation"
    */
    nixType =
      value:
      if isAttrs value then
        if value ? outPath then "derivation" else "attrs"
      else if isFunction value then
        "function"
      else if isList value then
        "list"
      else if isBool value then
        "bool"
      else if value == null then
        "null"
      else if isInt value then
        "int"
      else
        "string";

    /**
      `imap1` under an old name.

      # Example
      lib.misc.imap (n: value: "${toString n}${value}") [ "a" "b" ]
      => [ "1a" "2b" ]
    */
    imap = lib.lists.imap1;
  };
in
misc
