# What types with `merge.v2` share.
{ lib }:
let
  inherit (builtins)
    all
    filter
    head
    length
    ;
  inherit (lib.options) showDefs showOption;

  # Does what is usual in the evaluator, where there is such help (see ../modules/default.nix).
  quicker = builtins.firn.modules.headError or (slow: slow);
  headErrorOf =
    check: definitions:
    if
      if length definitions == 1 then
        check (head definitions).value
      else
        all (definition: check definition.value) definitions
    then
      null
    else
      {
        message = "Definition values: ${showDefs (filter (definition: !check definition.value) definitions)}";
      };

  v2 = {
    /*
      A check that belongs to its type's `merge.v2`. The mark is lost when someone replaces `check` by
      `//`, and with it a check that `merge.v2` would not make.
    */
    coherentCheck = check: {
      __functor = _: check;
      isV2MergeCoherent = true;
    };

    # The older form of a merge function beside the newer.
    mergeByV2 =
      self: loc: defs:
      (self.v2 { inherit loc defs; }).value;
    mergeFromV2 = merge: {
      __functor = v2.mergeByV2;
      v2 = merge;
    };

    # What keeps definitions from a type: null, or a set with the message.
    headErrorOf = quicker headErrorOf;

    checkV2MergeCoherence =
      loc: type: result:
      if type.check.isV2MergeCoherent or false then
        result
      else
        throw ''
          The option `${showOption loc}' has a type `${type.description}' that uses
          an ad-hoc `type // { check = ...; }' override, which is incompatible with
          the way this type merges definitions: the check would never be called.

          Please use `lib.types.addCheck` instead of `type // { check }': write

              lib.types.addCheck type (value: …)
        '';

    # Checks and merges by either form of a type's merge function.
    mergeAs =
      type: loc: definitions:
      if type.merge ? v2 then
        v2.checkV2MergeCoherence loc type (
          type.merge.v2 {
            inherit loc;
            defs = definitions;
          }
        )
      else
        {
          value = type.merge loc definitions;
          headError = v2.headErrorOf type.check definitions;
          valueMeta = { };
        };

    # The functor of a type with one element type, `name` a function of the payload.
    elemTypeFunctor =
      name:
      { elemType, ... }@payload:
      {
        inherit name payload;
        type = lib.types.${name};
        binOp =
          left: right:
          let
            merged = left.elemType.typeMerge right.elemType.functor;
          in
          if merged == null then null else { elemType = merged; };
      };
  };
in
v2
