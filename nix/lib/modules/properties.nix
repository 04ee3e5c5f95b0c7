# Properties of definitions: conditions, merging, priority and order, as tagged attribute sets that
# wrap a value, and what the module system does with them.
{ lib }:
let
  inherit (builtins)
    concatMap
    foldl'
    isAttrs
    isBool
    isList
    mapAttrs
    sort
    ;
  inherit (lib.trivial) id warn;

  redefine = import ./redefine.nix;

  # A definition with another value, in its place.
  withValue =
    definition: value:
    if definition ? file then
      definition // redefine definition null value
    else
      definition // { inherit value; };

  tagOf = value: value._type or null;

  abbreviated = value: lib.generators.toPretty { multiline = false; } (lib.generators.withRecursion { depthLimit = 2; throwOnDepthLimit = false; } value);

  nonBoolean =
    condition:
    throw "‘mkIf’ called with a non-Boolean condition: it is of type `${builtins.typeOf condition}'${
      if isAttrs condition then
        " with the attributes ${lib.strings.concatMapStringsSep ", " (name: "`${name}'") (lib.lists.take 5 (builtins.attrNames condition))}${
          if condition ? enable then ". Its attribute `enable' may be meant" else ""
        }"
      else if builtins.isFunction condition then
        ". An argument may be missing, or parentheses around a call"
      else
        ", ${abbreviated condition}"
    }.";

  notAList =
    contents:
    let
      position =
        if isAttrs contents && contents != { } then
          builtins.unsafeGetAttrPos (builtins.head (builtins.attrNames contents)) contents
        else
          null;
    in
    throw "`mkMerge' takes a list of definitions, not what is of type `${builtins.typeOf contents}'${
      if position == null then "" else " (${position.file}:${toString position.line}:${toString position.column})"
    }: mkMerge [ { … } { … } ]";

  properties = {
    /** The priority of a definition that has no property saying otherwise. */
    defaultOverridePriority = 100;

    /** The order of a definition that has no property saying otherwise. */
    defaultOrderPriority = 1000;

    /**
      A definition that counts only if the condition holds. Put around a set of definitions, it counts
      for each of them, and the names in the set are known without the condition.

      # Type
      `mkIf :: Bool -> a -> Property`

      # Example
      (lib.mkIf true 1)._type
      => "if"
    */
    mkIf = condition: content: {
      _type = "if";
      inherit condition content;
    };

    /**
      A definition with an assertion: where it does not hold, the definition is an error.

      # Type
      `mkAssert :: Bool -> String -> a -> Property`

      # Example
      (lib.mkAssert true "never thrown" 1).content
      => 1
    */
    mkAssert =
      assertion: message:
      properties.mkIf (assertion || throw "\nFailed assertion: ${message}");

    /**
      Several definitions as one.

      # Type
      `mkMerge :: [a] -> Property`

      # Example
      (lib.mkMerge [ 1 2 ]).contents
      => [ 1 2 ]
    */
    mkMerge = contents: {
      _type = "merge";
      contents = if isList contents then contents else notAList contents;
    };

    /**
      A definition that says itself where it was made.

      # Type
      `mkDefinition :: { file :: String; value :: a; } -> Property`

      # Example
      (lib.mkDefinition { file = "x.nix"; value = 1; }).value
      => 1
    */
    mkDefinition = { file, value, ... }@definition: definition // { _type = "definition"; };

    /**
      A definition with a priority: of several, those with the lowest number count.

      # Type
      `mkOverride :: Int -> a -> Property`

      # Example
      (lib.mkOverride 50 1).priority
      => 50
    */
    mkOverride = priority: content: {
      _type = "override";
      inherit priority content;
    };

    /**
      The priority (1500) of the default in an option's declaration.

      # Example
      (lib.mkOptionDefault 1).priority
      => 1500
    */
    mkOptionDefault = properties.mkOverride 1500;

    /**
      The priority (1000) of defaults that modules set: any plain definition wins over it.

      # Example
      (lib.mkDefault 1).priority
      => 1000
    */
    mkDefault = properties.mkOverride 1000;

    /**
      The priority (60) of modules for images: above plain definitions, below `mkForce`.

      # Example
      (lib.mkImageMediaOverride 1).priority
      => 60
    */
    mkImageMediaOverride = properties.mkOverride 60;

    /**
      The priority (50) that wins over plain definitions.

      # Example
      (lib.mkForce 1).priority
      => 50
    */
    mkForce = properties.mkOverride 50;

    /**
      The priority (10) of what a virtual machine for trying a configuration needs.

      # Example
      (lib.mkVMOverride 1).priority
      => 10
    */
    mkVMOverride = properties.mkOverride 10;

    /**
      Deprecated: its argument.

      # Example
      lib.mkFixStrictness 1
      => 1
    */
    mkFixStrictness = warn "lib.mkFixStrictness has no effect: remove the call." id;

    /**
      A definition with a place among those that are merged to a list or text: low numbers first.

      # Type
      `mkOrder :: Int -> a -> Property`

      # Example
      (lib.mkOrder 500 1).priority
      => 500
    */
    mkOrder = priority: content: {
      _type = "order";
      inherit priority content;
    };

    /**
      A definition that comes before those without order (500).

      # Example
      (lib.mkBefore [ 1 ]).priority
      => 500
    */
    mkBefore = properties.mkOrder 500;

    /**
      A definition that comes after those without order (1500).

      # Example
      (lib.mkAfter [ 1 ]).priority
      => 1500
    */
    mkAfter = properties.mkOrder 1500;

    /**
      Applies a function to the value within the properties of a definition.

      # Type
      `mapDefinitionValue :: (a -> b) -> Property a -> Property b`

      # Example
      (lib.modules.mapDefinitionValue (x: x + 1) (lib.mkForce 1)).content
      => 2
    */
    mapDefinitionValue =
      function: definition:
      let
        inside = properties.mapDefinitionValue function;
        within = {
          merge = definition // { contents = map inside definition.contents; };
          "if" = definition // { content = inside definition.content; };
          override = definition // { content = inside definition.content; };
          order = definition // { content = inside definition.content; };
          definition = definition // { value = inside definition.value; };
        };
      in
      within.${toString (tagOf definition)} or (function definition);

    /*
      Moves `mkMerge`, `mkIf` and `mkOverride` around a set of definitions to each definition in it.
      Gives a list of sets. Conditions are not evaluated.
    */
    pushDownProperties =
      config:
      if !(config ? _type) then
        [ config ]
      else if config._type == "merge" then
        concatMap properties.pushDownProperties config.contents
      else if config._type == "if" then
        pushInto (_: content: {
          _type = "if";
          inherit (config) condition;
          inherit content;
        }) config.content
      else if config._type == "override" then
        pushInto (_: content: {
          _type = "override";
          inherit (config) priority;
          inherit content;
        }) config.content
      else if config._type == "definition" then
        pushInto (_: value: config // { inherit value; }) config.value
      else
        [ config ];

    /*
      The definitions that are left of one when `mkMerge` is opened and those with a condition that
      does not hold are dropped.
    */
    dischargeProperties =
      definition:
      if !(definition ? _type) then
        [ definition ]
      else if definition._type == "merge" then
        concatMap properties.dischargeProperties definition.contents
      else if definition._type == "if" then
        if !isBool definition.condition then
          nonBoolean definition.condition
        else if definition.condition then
          properties.dischargeProperties definition.content
        else
          [ ]
      else
        [ definition ];

    /**
      Of definitions `{ file, value }`, those with the highest priority, without it.

      # Example
      lib.modules.filterOverrides [ { value = lib.mkForce 1; } { value = 2; } ]
      => [ { value = 1; } ]
    */
    filterOverrides = definitions: (properties.filterOverrides' definitions).values;

    /**
      `filterOverrides` with that priority: `{ values, highestPrio }`.

      # Example
      (lib.modules.filterOverrides' [ { value = lib.mkForce 1; } { value = 2; } ]).highestPrio
      => 50
    */
    filterOverrides' =
      definitions:
      let
        isOverride = definition: tagOf definition.value == "override";
        priorityOf =
          definition:
          if isOverride definition then definition.value.priority else properties.defaultOverridePriority;
        highestPrio = foldl' (
          best: definition:
          let
            priority = priorityOf definition;
          in
          if priority < best then priority else best
        ) 9999 definitions;
        keep =
          definition:
          if priorityOf definition != highestPrio then
            [ ]
          else if isOverride definition then
            [ (withValue definition definition.value.content) ]
          else
            [ definition ];
      in
      if builtins.length definitions == 1 then
        let
          definition = builtins.head definitions;
        in
        {
          values = if isOverride definition then keep definition else definitions;
          highestPrio = priorityOf definition;
        }
      else
        {
          values = saying highestPrio (concatMap keep definitions);
          inherit highestPrio;
        };

    /**
      Definitions `{ file, value }` in the order that `mkOrder` asks for, without it.

      # Example
      map (d: d.value) (lib.modules.sortProperties [ { value = lib.mkAfter 1; } { value = 2; } ])
      => [ 2 1 ]
    */
    sortProperties =
      definitions:
      let
        open =
          definition:
          if definition ? value && tagOf definition.value == "order" then
            withValue definition definition.value.content // { inherit (definition.value) priority; }
          else
            definition;
        place = definition: definition.priority or properties.defaultOrderPriority;
      in
      sort (left: right: place left < place right) (map open definitions);
  };

  # Several definitions of an unusual priority say it, for the message if they are in conflict.
  saying =
    overridePriority: definitions:
    if builtins.length definitions < 2 || overridePriority == properties.defaultOverridePriority then
      definitions
    else
      map (definition: definition // { inherit overridePriority; }) definitions;

  # Wraps every definition in a set that may itself have properties. What is no set is left for the
  # message about it.
  pushInto =
    wrap: content:
    if content ? _type then
      map (config: if isAttrs config then mapAttrs wrap config else config) (
        properties.pushDownProperties content
      )
    else
      [ (if isAttrs content then mapAttrs wrap content else content) ];
in
properties
