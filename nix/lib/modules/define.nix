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
  v2Helpers = import ../types/v2.nix { inherit lib; };

  # Definitions with their properties opened and conditions applied.
  normalize = concatMap (
    definition:
    map
      (
        value:
        if value._type or null == "definition" then
          value
        else
          {
            inherit (definition) file;
            inherit value;
          }
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
    whence: loc: type: definitions:
    let
      result = v2Helpers.checkV2MergeCoherence loc type (
        type.merge.v2 {
          inherit loc;
          defs = definitions;
        }
      );
    in
    {
      inherit (result) headError value;
      valueMeta = result.valueMeta // {
        _internal = { inherit type; };
      };
    };

  # The value of an option from its selected definitions.
  mergeSelected =
    whence: loc: type: selected: v2:
    let
      definitions = selected.values;
    in
    if definitions == [ ] then
      if type.emptyValue ? value then type.emptyValue.value else explain.undefined loc type
    else if type.merge ? v2 then
      if v2.headError == null then v2.value else explain.wrongTypeV2 whence loc type definitions v2.headError
    else if all (definition: type.check definition.value) definitions then
      type.merge loc definitions
    else
      explain.wrongType whence loc type (
        filter (definition: !type.check definition.value) definitions
      );

  # What is known about an option's definitions; every attribute is lazy.
  merge =
    whence: loc: type: selected:
    let
      mergedValue = mergeSelected whence loc type selected v2;
      v2 = mergeV2 whence loc type selected.values;
      isDefined = selected.values != [ ];
    in
    {
      defsFinal' = selected;
      defsFinal = selected.values;
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

  # The default of an option as a definition, and those that selected it.
  selectWithDefault =
    option: definitions:
    if definitions != [ ] && all isPlain definitions then
      {
        values = definitions;
        highestPrio = properties.defaultOverridePriority;
      }
    else if !(option ? default) then
      select definitions
    else if definitions == [ ] && !(option.default ? _type) then
      {
        values = [
          {
            file = head option.declarations;
            value = option.default;
          }
        ];
        highestPrio = 1500;
      }
    else
      select (defaultDefinition option ++ definitions);

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

  warnDeprecatedType =
    loc: option:
    if option.type.deprecationMessage or null == null then
      option
    else
      lib.trivial.warn "The type `types.${option.type.name}' of option `${showOption loc}' defined in ${lib.options.showFiles option.declarations} is deprecated. ${option.type.deprecationMessage}" option;

  # Each definition of a read-only option as it would be alone, for the message.
  alone =
    whence: loc: type:
    map (definition: definition // { value = (merge whence loc type (selectFast [ definition ])).mergedValue; });

  /*
    An option as it is in the tree `options`: its declaration with `value` and what else is known of
    its definitions `{ file, value }`. `whence` finds lines and columns when a message needs them.
  */
  evalOption =
    whence: loc: option: definitions:
    let
      inherit (option) type;
      selected = selectWithDefault option definitions;
      isSetTwice =
        option.readOnly or false
        && length definitions + (if option ? default then 1 else 0) > 1;
      merged =
        if isSetTwice then
          explain.readOnly whence loc option (
            alone whence loc type (defaultDefinition option ++ definitions)
          )
        else
          merge whence loc type selected;
      value = if option ? apply then option.apply merged.mergedValue else merged.mergedValue;
    in
    warnDeprecatedType loc option
    // {
      value = addErrorContext (explain.whileEvaluating whence loc) value;
      inherit (merged.defsFinal') highestPrio;
      definitions = map (definition: definition.value) merged.defsFinal;
      files = map (definition: definition.file) merged.defsFinal;
      definitionsWithLocations = merged.defsFinal;
      inherit (merged) isDefined;
      inherit (merged.checkedAndMerged) valueMeta;
      __toString = _: showOption loc;
    };
in
{
  inherit evalOption;

  evalOptionValue = evalOption locate.nowhere;

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
