# Definitions of one option made a value: properties applied, types checked, values merged.
{ lib }:
let
  inherit (builtins)
    addErrorContext
    all
    any
    concatLists
    concatMap
    filter
    head
    length
    mapAttrs
    ;
  inherit (lib.options) showOption;

  properties = import ./properties.nix { inherit lib; };
  explain = import ./explain.nix { inherit lib; };
  locate = import ./locate.nix { inherit lib; };
  redefine = import ./redefine.nix;
  v2Helpers = import ../types/v2.nix { inherit lib; };

  # Definitions with their properties opened and conditions applied.
  normalize = concatMap (
    definition:
    map
      (
        value:
        if value._type or null == "definition" then
          removeAttrs value [ "_type" ]
        else
          redefine definition null value
      )
      (
        addErrorContext "while evaluating definitions from `${definition.file}':" (
          properties.dischargeProperties definition.value
        )
      )
  );

  hasOrder = definition: definition.value._type or null == "order";

  # `{ values, highestPrio }`: the definitions that count, in order, without properties.
  select =
    definitions:
    let
      overridden = properties.filterOverrides' (normalize definitions);
    in
    {
      values =
        if any hasOrder overridden.values then
          properties.sortProperties overridden.values
        else
          overridden.values;
      inherit (overridden) highestPrio;
    };

  isPlain =
    definition:
    addErrorContext "while evaluating definitions from `${definition.file}':" (
      !(definition.value ? _type)
    );

  # Most options have definitions without any property: nothing is to be selected then.
  selectFast =
    definitions:
    if definitions != [ ] && all isPlain definitions then
      {
        values = definitions;
        highestPrio = properties.defaultOverridePriority;
      }
    else
      select definitions;

  # Merging as types with `merge.v2` do it, for all types: `{ headError, value, valueMeta }`.
  mergeV2 =
    loc: type: definitions:
    let
      result = type.merge.v2 {
        inherit loc;
        defs = definitions;
      };
    in
    if type.check.isV2MergeCoherent or false then
      {
        inherit (result) headError value;
        valueMeta = result.valueMeta // {
          _internal = { inherit type; };
        };
      }
    else
      v2Helpers.checkV2MergeCoherence loc type result;

  # The value of an option from its selected definitions.
  mergeSelected =
    whence: loc: type: definitions: v2:
    if definitions == [ ] then
      if type.emptyValue ? value then type.emptyValue.value else explain.undefined loc type
    else if type.merge ? v2 then
      if v2.headError == null then v2.value else explain.wrongTypeV2 whence loc type definitions v2.headError
    else if
      if length definitions == 1 then
        type.check (head definitions).value
      else
        all (definition: type.check definition.value) definitions
    then
      type.merge loc definitions
    else
      explain.wrongType whence loc type (
        filter (definition: !type.check definition.value) definitions
      );

  # What is known about an option's definitions; every attribute is lazy.
  merge =
    whence: loc: type: selected:
    let
      definitions = selected.values;
      mergedValue = mergeSelected whence loc type definitions v2;
      v2 = mergeV2 loc type definitions;
      isDefined = definitions != [ ];
    in
    {
      defsFinal' = selected;
      defsFinal = definitions;
      inherit isDefined mergedValue;
      checkedAndMerged =
        if type.merge ? v2 then
          v2
        else
          {
            headError = null;
            value = mergedValue;
            valueMeta = { };
          };
      optionalValue = if isDefined then { value = mergedValue; } else { };
    };

  defaultDefinition =
    option:
    if option ? default then
      [
        {
          file = head option.declarations;
          value = properties.mkOptionDefault option.default;
        }
      ]
    else
      [ ];

  # Each definition of a read-only option as it would be alone, for the message.
  alone =
    whence: loc: type:
    map (
      definition:
      redefine definition null (merge whence loc type (selectFast [ definition ])).mergedValue
    );

  setTwice =
    whence: loc: option: definitions:
    explain.readOnly whence loc option (
      alone whence loc option.type (defaultDefinition option ++ definitions)
    );

  /*
    An option of the configuration: `{ value, options, unmatched }` with `options` what stands in the
    tree `options`. `option` is a declaration as `mkOption` gives it, `record` the same with what is
    known of its place; `whence` finds lines and columns when a message needs them. There are
    thousands of options, and of most only the value is ever asked for: `record` is not touched for it,
    and nothing here is a function that need not be one.
  */
  evalOption =
    {
      whence,
      loc,
      option,
      type,
      record,
      definitions,
    }:
    let
      selected =
        if definitions == [ ] then
          if !(option ? default) then
            nothing
          else if option.default ? _type then
            select (defaultDefinition record)
          else
            {
              values = [
                {
                  file = head record.declarations;
                  value = option.default;
                }
              ];
              highestPrio = 1500;
            }
        else if option.readOnly or false && (option ? default || length definitions > 1) then
          setTwice whence loc record definitions
        else if all isPlain definitions then
          {
            values = definitions;
            highestPrio = properties.defaultOverridePriority;
          }
        else
          select (defaultDefinition record ++ definitions);
      values = selected.values;
      v2 = mergeV2 loc type values;
      isSimple =
        if length values == 1 then
          type.check (head values).value
        else
          all (definition: type.check definition.value) values;
      merged =
        if !(type ? merge) then
          explain.notAType loc record
        else if values == [ ] then
          if type.emptyValue ? value then type.emptyValue.value else explain.undefinedOption loc record
        else if type.merge ? v2 then
          if v2.headError == null then v2.value else mergeSelected whence loc type values v2
        else if isSimple then
          type.merge loc values
        else
          mergeSelected whence loc type values v2;
      value = addErrorContext (explain.whileEvaluating whence loc) (
        if type.deprecationMessage or null != null then
          warnDeprecated loc record (if option ? apply then option.apply merged else merged)
        else if option ? apply then
          option.apply merged
        else
          merged
      );
    in
    {
      inherit value;
      unmatched = [ ];
      options = record // {
        inherit value;
        inherit (selected) highestPrio;
        definitions = map (definition: definition.value) values;
        files = map (definition: definition.file) values;
        definitionsWithLocations = values;
        isDefined = values != [ ];
        valueMeta = if type.merge ? v2 then v2.valueMeta else { };
        __toString = _: showOption loc;
      };
    };

  nothing = select [ ];

  warnDeprecated =
    loc: record:
    lib.trivial.warn "The type `types.${record.type.name}' of option `${showOption loc}' defined in ${lib.options.showFiles record.declarations} is deprecated. ${record.type.deprecationMessage}";
in
{
  inherit evalOption;

  /**
    What stands in the tree of options for an option with these definitions: the declaration with
    `value`, `isDefined`, `files`, `definitions`, `highestPrio` and more.

    # Type
    `evalOptionValue :: [String] -> Option -> [ { file, value } ] -> AttrSet`

    # Example
    (lib.modules.evalOptionValue [ "x" ] { type = lib.types.int; } [ { file = "f"; value = 1; } ]).value
    => 1
  */
  evalOptionValue =
    loc: option: definitions:
    (evalOption {
      whence = locate.nowhere;
      inherit (option) type;
      record = option;
      inherit definitions loc option;
    }).options;

  /**
    Merges definitions `{ file, value }` of a type: `{ mergedValue, isDefined, optionalValue,
    defsFinal, … }`, each lazy. Types of containers use it for their elements.

    # Type
    `mergeDefinitions :: [String] -> OptionType -> [ { file, value } ] -> AttrSet`

    # Example
    (lib.mergeDefinitions [ "x" ] lib.types.int [ { file = "a.nix"; value = lib.mkForce 1; } { file = "b.nix"; value = 2; } ]).mergedValue
    => 1
  */
  mergeDefinitions =
    loc: type: definitions:
    merge locate.nowhere loc type (selectFast definitions);

  /**
    The values of an option that is an `attrsOf`, each with its own priority:
    `{ NAME = { value, highestPrio }; }`.

    # Type
    `mergeAttrDefinitionsWithPrio :: Option -> { String = { value, highestPrio }; }`

    # Example
    lib.modules.mergeAttrDefinitionsWithPrio (lib.evalModules { modules = [ { options.x = lib.mkOption { type = lib.types.attrsOf lib.types.int; }; } { x.a = lib.mkForce 1; } ]; }).options.x
    => { a = { value = 1; highestPrio = 50; }; }
  */
  mergeAttrDefinitionsWithPrio =
    option:
    let
      pieces = concatMap (
        definition:
        map (mapAttrs (_: value: definition // { inherit value; })) (
          properties.pushDownProperties definition.value
        )
      ) option.definitionsWithLocations;
      describe =
        name: definitions:
        let
          merged = merge locate.nowhere (option.loc ++ [ name ]) option.type.nestedTypes.elemType (
            selectFast definitions
          );
        in
        {
          value = merged.mergedValue;
          inherit (merged.defsFinal') highestPrio;
        };
    in
    assert option.type.name == "attrsOf" || option.type.name == "lazyAttrsOf";
    mapAttrs describe (lib.attrsets.zipAttrs pieces);
}
