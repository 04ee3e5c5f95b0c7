# Functions about derivations that don't make any.
{ lib }:
let
  inherit (builtins) isString mapAttrs removeAttrs;
  inherit (lib.attrsets) genAttrs;
  inherit (lib.trivial) throwIfNot;

  lacks = name: _: throw "lib.derivations.${name}: this evaluator has no builtins.${name}";

  wrongOutputs =
    arguments: derivation: outputs:
    let
      pretty = lib.generators.toPretty { multiline = false; };
      position = builtins.unsafeGetAttrPos "outputs" arguments;
      assumedAt =
        if position == null then
          ""
        else
          ",\n    at ${position.file}:${toString position.line}:${toString position.column}";
      definedAt =
        if derivation ? meta.position && isString derivation.meta.position then
          ",\n    defined at ${derivation.meta.position}"
        else
          "";
    in
    ''
      lib.lazyDerivation: The derivation ${derivation.name or "<unknown>"} has outputs that don't match the assumed outputs.

      Assumed outputs passed to lazyDerivation${assumedAt}:
          ${pretty outputs};

      Actual outputs of the derivation${definedAt}:
          ${pretty derivation.outputs}

      Pass the actual outputs, in their order. If they cannot be known before the derivation is
      evaluated, pass `inherit (drv) outputs`: the result is no longer lazy then, but still has only
      the attributes of a derivation. Or do without lazyDerivation.
    '';

  derivations = {
    addDrvOutputDependencies =
      builtins.addDrvOutputDependencies or (lacks "addDrvOutputDependencies");
    inherit (builtins) unsafeDiscardOutputDependency;

    /**
      A derivation whose attributes can be listed, and whose `meta` and `passthru` be used, without
      evaluating it. It has only the attributes all derivations have.

      # Type
      `lazyDerivation :: { derivation, meta ?, passthru ?, outputs ? [ "out" ] } -> Derivation`

      # Example
      (lib.lazyDerivation { derivation = throw "not needed"; meta.x = 1; }).meta.x
      => 1
    */
    lazyDerivation =
      {
        derivation,
        meta ? null,
        passthru ? { },
        outputs ? [ "out" ],
      }@arguments:
      let
        checked =
          throwIfNot (derivation.type or null == "derivation")
            "lazyDerivation: input must be a derivation."
            (
              throwIfNot (derivation.outputs == outputs) (wrongOutputs arguments derivation outputs) derivation
            );
      in
      {
        # Not asked of the derivation, which must be one.
        type = "derivation";
        inherit (checked)
          drvPath
          name
          outPath
          outputName
          system
          ;
        inherit outputs;
        meta = arguments.meta or checked.meta;
      }
      // genAttrs outputs (name: checked.${name})
      // passthru;

    /**
      An attribute of a derivation that is there only if the condition holds.

      # Type
      `optionalDrvAttr :: Bool -> a -> Nullable a`

      # Example
      lib.optionalDrvAttr false 1
      => null
    */
    optionalDrvAttr = condition: value: if condition then value else null;

    /**
      A derivation that warns when it is used, but not when it is listed.

      # Type
      `warnOnInstantiate :: String -> Derivation -> Derivation`

      # Example
      (lib.warnOnInstantiate "use y instead" { name = "x"; outPath = "o"; }).name
      => "x"
    */
    warnOnInstantiate =
      message: drv:
      let
        quiet = [
          "meta"
          "name"
          "outputName"
          "type"
        ];
        warning = mapAttrs (_: lib.trivial.warn message) (removeAttrs drv quiet);
        overriding =
          if drv ? overrideAttrs && builtins.isFunction drv.overrideAttrs then
            { overrideAttrs = change: derivations.warnOnInstantiate message (drv.overrideAttrs change); }
          else
            { };
      in
      drv // warning // overriding;
  };
in
derivations
