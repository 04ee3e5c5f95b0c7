# Lists of single attributes, for programs that read `name value` pairs in an order: command lines,
# rules of a firewall (part of `lib.types`).
{ lib }:
let
  inherit (builtins)
    attrNames
    concatMap
    filter
    foldl'
    head
    isAttrs
    isList
    length
    mapAttrs
    sort
    typeOf
    ;
  inherit (lib.modules)
    defaultOrderPriority
    defaultOverridePriority
    mergeDefinitions
    mkDefinition
    mkOrder
    mkOverride
    ;
  inherit (lib.options) showDefs showOption;
  inherit (lib.types) mkOptionType optionDescriptionPhrase;

  v2 = import ./v2.nix { inherit lib; };

  # Order and priority of a value, in whatever order `mkOrder` and `mkOverride` are nested. The order
  # is taken off; the priority stays, for the merging of the value.
  properties =
    value:
    let
      inner = properties value.content;
      kind = value._type or null;
    in
    if kind == "order" then
      inner // { order = value.priority; }
    else if kind == "override" then
      # Lazy: a value that another one overrides is not looked at.
      {
        inherit (inner) order;
        inherit (value) priority;
        value = mkOverride value.priority inner.value;
      }
    else
      {
        inherit value;
        order = defaultOrderPriority;
        priority = defaultOverridePriority;
      };

  # The entries `{ file, name, value, order, priority }` of one definition.
  entriesOf =
    refuse: definition:
    let
      inherit (definition) file;
      fromAttribute =
        set: name:
        properties set.${name}
        // {
          inherit file name;
        };
      fromElement =
        element:
        let
          isOrdered = element._type or null == "order";
          set = if isOrdered then element.content else element;
          names = attrNames set;
        in
        if !isAttrs set then
          refuse file element "Each list element must be an attribute set, but got ${typeOf set}"
        else if length names != 1 then
          refuse file element
            "Each list element must be a single-key attribute set, but got ${toString (length names)} keys"
        else
          fromAttribute set (head names) // (if isOrdered then { order = element.priority; } else { });
    in
    if isList definition.value then
      map fromElement definition.value
    else
      map (fromAttribute definition.value) (attrNames definition.value);

  # Of the entries of each name, those with its highest priority; all in order.
  select =
    entries:
    let
      best = mapAttrs (
        _: foldl' (best: entry: if entry.priority < best then entry.priority else best) defaultOverridePriority
      ) (lib.lists.groupBy (entry: entry.name) entries);
    in
    sort (left: right: left.order < right.order) (
      filter (entry: entry.priority == best.${entry.name}) entries
    );

  attrLists = {
    /**
      A list of single attributes, defined as such or as an attribute set; `mkOrder` orders them.

      # Example
      (lib.types.attrListOf lib.types.int).check [ { a = 1; } ]
      => true
    */
    attrListOf = elemType: attrLists.attrListWith { inherit elemType; };

    /**
      `attrListOf` that with `asAttrs` gives an attribute set, in which `mergeAttrValues`, a function of
      name and values, makes one value of all that a name has.

      # Example
      (lib.mergeDefinitions [ "x" ] (lib.types.attrListWith { elemType = lib.types.int; asAttrs = true; }) [ { file = "f"; value = { a = 1; }; } ]).mergedValue
      => { a = [ 1 ]; }
    */
    attrListWith =
      {
        elemType,
        asAttrs ? false,
        mergeAttrValues ? _: values: values,
      }:
      let
        description = "attribute list of ${
          optionDescriptionPhrase (class: class == "noun" || class == "composite") elemType
        }";
        check = v2.coherentCheck (value: isList value || isAttrs value);
        refuse =
          loc: file: value: reason:
          throw "A definition for option `${showOption loc}' is not of type `${description}'. ${reason}.${showDefs [ { inherit file value; } ]}";
        mergeEntry =
          loc: entry:
          entry
          // {
            merged = mergeDefinitions (loc ++ [ entry.name ]) elemType [ { inherit (entry) file value; } ];
          };
      in
      mkOptionType {
        name = "attrListOf";
        inherit check description;
        descriptionClass = "composite";
        merge = v2.mergeFromV2 (
          { loc, defs }:
          let
            entries = select (concatMap (entriesOf (refuse loc)) defs);
            merged = filter (entry: entry.merged.isDefined) (map (mergeEntry loc) entries);
            list = map (entry: { ${entry.name} = entry.merged.mergedValue; }) merged;
          in
          {
            headError = v2.headErrorOf check defs;
            value = if asAttrs then lib.attrsets.zipAttrsWith mergeAttrValues list else list;
            valueMeta = {
              attrList = map (entry: entry.merged.checkedAndMerged.valueMeta) merged;
              attrListValue = list;
              definitions = map (
                entry:
                mkDefinition {
                  inherit (entry) file;
                  value = mkOrder entry.order { ${entry.name} = entry.merged.mergedValue; };
                }
              ) merged;
            };
          }
        );
        emptyValue.value = if asAttrs then { } else [ ];
        getSubOptions = prefix: elemType.getSubOptions (prefix ++ [ "*" ]);
        inherit (elemType) getSubModules;
        substSubModules =
          modules:
          attrLists.attrListWith {
            elemType = elemType.substSubModules modules;
            inherit asAttrs mergeAttrValues;
          };
        typeMerge = _: null;
        nestedTypes = { inherit elemType; };
      };
  };
in
attrLists
