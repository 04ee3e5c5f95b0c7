# Functions that make packages, and packages that can be changed after they are made.
{ lib }:
let
  inherit (builtins)
    all
    attrNames
    attrValues
    deepSeq
    filter
    head
    intersectAttrs
    isAttrs
    listToAttrs
    mapAttrs
    removeAttrs
    seq
    ;
  inherit (lib.attrsets) isDerivation optionalAttrs;
  inherit (lib.fixedPoints) extends;
  inherit (lib.trivial)
    functionArgs
    id
    isFunction
    mirrorFunctionArgs
    setFunctionArgs
    ;

  scopes = import ./scopes.nix { inherit lib; };

  # The message for an argument that is neither given nor found nor optional.
  missingArgument =
    available: formals: missing:
    let
      name = head (filter (argument: !formals.${argument}) (attrNames missing));
      position = builtins.unsafeGetAttrPos name formals;
      place =
        if position == null then "<unknown location>" else "${position.file}:${toString position.line}";
      near = lib.lists.take 3 (
        lib.lists.sortOn (lib.strings.levenshtein name) (
          filter (lib.strings.levenshteinAtMost 2 name) (attrNames available)
        )
      );
      quoted = map (candidate: "\"${candidate}\"") near;
      listed =
        if builtins.length quoted < 2 then
          toString quoted
        else
          "${builtins.concatStringsSep ", " (lib.lists.init quoted)} or ${lib.lists.last quoted}";
      suggestion = if near == [ ] then "" else ", did you mean ${listed}?";
    in
    # An abort, for a throw would be caught by those who pass broken packages by.
    abort "lib.customisation.callPackageWith: Function called without required argument \"${name}\" at ${place}${suggestion}";

  customisation = scopes // {
    /**
      A derivation with other attributes: a function of the derivation gives those that change. Prefer
      `overrideAttrs`, which works on what `mkDerivation` was given.

      # Type
      `overrideDerivation :: Derivation -> (Derivation -> AttrSet) -> Derivation`

      # Example
      (lib.overrideDerivation (derivation { name = "a"; system = "x86_64-linux"; builder = "/bin/sh"; }) (old: { name = old.name + "b"; })).name
      => "ab"
    */
    overrideDerivation =
      drv: change:
      let
        passthru = drv.passthru or { };
        spliced = optionalAttrs (drv ? __spliced) {
          __spliced = mapAttrs (_: other: customisation.overrideDerivation other change) drv.__spliced;
        };
        extra = {
          meta = drv.meta or { };
          inherit passthru;
        };
      in
      customisation.extendDerivation (seq drv.drvPath true) (extra // passthru // spliced) (
        derivation (drv.drvAttrs // change drv)
      );

    /**
      Gives the result of a function attributes with which the function is called again: `override`
      (with other arguments), `overrideDerivation`, and, if the result has it, `overrideAttrs`.

      # Type
      `makeOverridable :: (AttrSet -> a) -> AttrSet -> a`

      # Example
      ((lib.makeOverridable ({ a }: { result = a; }) { a = 1; }).override { a = 2; }).result
      => 2
    */
    makeOverridable =
      function:
      let
        mirror = mirrorFunctionArgs function;
        again = customisation.makeOverridable;
        # The same function with something done to what it gives.
        after = change: again (mirror (args: change (function args)));

        call =
          args:
          let
            result = function args;
            override = mirror (
              new: again function (args // (if isFunction new then new args else new))
            );
          in
          if isAttrs result then
            result
            // {
              inherit override;
              overrideDerivation =
                change: after (drv: customisation.overrideDerivation drv change) args;
            }
            // optionalAttrs (result ? overrideAttrs) {
              overrideAttrs = change: after (drv: drv.overrideAttrs change) args;
            }
          else if isFunction result then
            setFunctionArgs result (functionArgs result) // { inherit override; }
          else
            result;
      in
      if isAttrs function then
        # A functor keeps what else it has, and can itself be overridden.
        function
        // mirror call
        // optionalAttrs (function ? override) {
          override = change: again (function.override change);
        }
      else
        mirror call;

    /**
      Calls a function (or the file that holds one) with those of the given attributes that its header
      names, and explicit arguments over them. The result can be overridden.

      # Type
      `callPackageWith :: AttrSet -> (AttrSet -> a | Path) -> AttrSet -> a`

      # Example
      (lib.callPackageWith { a = 1; b = 2; } ({ a, c }: { sum = a + c; }) { c = 3; }).sum
      => 4
    */
    callPackageWith =
      available: package: explicit:
      let
        function = if isFunction package then package else import package;
        formals = functionArgs function;
        args = intersectAttrs formals available // explicit;
        missing = removeAttrs formals (attrNames args);
      in
      if missing == { } || all id (attrValues missing) then
        customisation.makeOverridable function args
      else
        missingArgument (available // explicit) formals missing;

    /**
      `callPackageWith` for a function that gives a set of packages: each can be overridden.

      # Type
      `callPackagesWith :: AttrSet -> (AttrSet -> AttrSet | Path) -> AttrSet -> AttrSet`

      # Example
      ((lib.callPackagesWith { a = 1; } ({ a }: { x = { v = a; }; }) { }).x.override { a = 2; }).v
      => 2
    */
    callPackagesWith =
      available: packages: explicit:
      let
        function = if isFunction packages then packages else import packages;
        args = intersectAttrs (functionArgs function) available // explicit;
        result = function args;
        one =
          name: _:
          customisation.makeOverridable (mirrorFunctionArgs function (new: (function new).${name})) args;
      in
      if isDerivation result then
        throw "function `callPackages` was called on a *single* derivation \"${
          result.name or "<unknown-name>"
        }\"; did you mean to use `callPackage` instead?"
      else
        mapAttrs one result;

    /**
      Adds attributes to a derivation and to each of its outputs. Where the condition, or an error in
      it, forbids, paths of the derivation cannot be used, though the rest can be looked at.

      # Type
      `extendDerivation :: Bool -> AttrSet -> Derivation -> Derivation`

      # Example
      (lib.extendDerivation true { x = 1; } { type = "derivation"; drvPath = "d"; outPath = "o"; }).x
      => 1
    */
    extendDerivation =
      condition: passthru: drv:
      let
        guard = value: assert condition; value;
        outputNames = drv.outputs or [ "out" ];
        common =
          drv
          // listToAttrs (outputs ++ [
            {
              name = "all";
              value = map (output: output.value) outputs;
            }
          ])
          // passthru
          // {
            drvPath = guard drv.drvPath;
            outPath = guard drv.outPath;
          };
        outputs = map (name: {
          inherit name;
          value =
            common
            // {
              inherit (drv.${name}) outputName type;
              outputSpecified = true;
              drvPath = guard drv.${name}.drvPath;
              outPath = guard drv.${name}.outPath;
            }
            // optionalAttrs (passthru ? overrideAttrs) {
              overrideAttrs = change: (passthru.overrideAttrs change).${name};
            };
        }) outputNames;
      in
      common;

    /**
      What a build farm needs of a derivation, evaluated in full so that the rest can be freed.

      # Type
      `hydraJob :: Nullable Derivation -> Nullable AttrSet`

      # Example
      (lib.hydraJob { name = "x"; system = "s"; meta = { }; out = { drvPath = "d"; outPath = "o"; }; }).outPath
      => "o"
    */
    hydraJob =
      drv:
      let
        outputNames = drv.outputs or [ "out" ];
        common = {
          inherit (drv) meta name system;
          outputs = outputNames;
        }
        // optionalAttrs (drv._hydraAggregate or false) {
          _hydraAggregate = true;
          constituents = map customisation.hydraJob (lib.lists.flatten drv.constituents);
        }
        // outputs;
        output =
          outputName:
          common
          // {
            type = "derivation";
            inherit (drv.${outputName}) drvPath outPath;
            inherit outputName;
          };
        outputs = lib.attrsets.genAttrs outputNames output;
        job = outputs.${head outputNames};
      in
      if drv == null then null else deepSeq job job;

    /**
      Makes a builder of packages from another: `constructDrv` is the other one, `extendDrvArgs` an
      overlay (`finalAttrs: args: attributes`) over what it is given. `excludeDrvArgNames` are
      arguments that are not passed on; `excludeFunctionArgNames`, `inheritFunctionArgs` decide which
      arguments the builder reports; `transformDrv` changes its result.

      # Type
      `extendMkDerivation :: { constructDrv, extendDrvArgs, excludeDrvArgNames ?, excludeFunctionArgNames ?, inheritFunctionArgs ?, transformDrv ? } -> (AttrSet -> Derivation)`

      # Example
      (lib.extendMkDerivation { constructDrv = f: lib.fix f; extendDrvArgs = final: args: { b = args.a + 1; }; } { a = 1; }).b
      => 2
    */
    extendMkDerivation =
      {
        constructDrv,
        extendDrvArgs,
        excludeDrvArgNames ? [ ],
        excludeFunctionArgNames ? [ ],
        inheritFunctionArgs ? true,
        transformDrv ? id,
      }:
      let
        inherited = optionalAttrs inheritFunctionArgs (
          removeAttrs (functionArgs constructDrv) excludeDrvArgNames
        );
        build =
          given:
          transformDrv (
            constructDrv (
              final:
              let
                args = if isFunction given then given final else given;
              in
              removeAttrs args excludeDrvArgNames // extendDrvArgs final args
            )
          );
      in
      setFunctionArgs build (
        removeAttrs (inherited // functionArgs (extendDrvArgs { })) excludeFunctionArgNames
      )
      // {
        inherit
          constructDrv
          excludeDrvArgNames
          extendDrvArgs
          transformDrv
          ;
      };
  };
in
customisation
