# `stdenv.mkDerivation`: from a package's attributes to its derivation.
{
  lib,
  stdenv,
  system,
}:
let
  inherit (builtins)
    elem
    filter
    isAttrs
    isList
    removeAttrs
    ;
  # A set with `__functor` is a function too.
  inherit (lib.trivial) isFunction;

  # Attributes that describe the package to other expressions and never reach the build.
  outside = [
    "meta"
    "passthru"
    "pos"
    "realBuilder"
    "stdenv"
    "checkInputs"
    "installCheckInputs"
    "nativeCheckInputs"
    "nativeInstallCheckInputs"
    "env"
    "__darwinAllowLocalNetworking"
    "__impureHostDeps"
    "__propagatedImpureHostDeps"
    "sandboxProfile"
    "propagatedSandboxProfile"
    "disallowedReferences"
    "disallowedRequisites"
    "allowedReferences"
    "allowedRequisites"
    "outputChecks"
  ];

  inputLists = [
    "depsBuildBuild"
    "nativeBuildInputs"
    "depsBuildTarget"
    "depsHostHost"
    "buildInputs"
    "depsTargetTarget"
    "depsBuildBuildPropagated"
    "propagatedNativeBuildInputs"
    "depsBuildTargetPropagated"
    "depsHostHostPropagated"
    "propagatedBuildInputs"
    "depsTargetTargetPropagated"
  ];

  flatten = list: builtins.concatMap (x: if isList x then flatten x else [ x ]) list;
  # What a library needs to be built with is more than one store path (../debian/wrap.nix).
  inputs =
    list:
    builtins.concatMap (x: if isAttrs x then x.devInputs or [ (x.dev or x) ] else [ x ]) (
      filter (x: x != null) (flatten list)
    );

  nameOf =
    attrs:
    if attrs ? name then
      attrs.name
    else if attrs ? pname && attrs ? version then
      "${attrs.pname}-${attrs.version}"
    else
      throw "mkDerivation: a package needs `name`, or `pname` and `version`";

  # What the builder gets.
  environment =
    attrs:
    let
      checks = lib.optionals (attrs.doCheck or false) (
        (attrs.nativeCheckInputs or [ ]) ++ (attrs.checkInputs or [ ])
      );
      installChecks = lib.optionals (attrs.doInstallCheck or false) (
        (attrs.nativeInstallCheckInputs or [ ]) ++ (attrs.installCheckInputs or [ ])
      );
      given = builtins.listToAttrs (
        map (name: {
          inherit name;
          value = inputs (
            (attrs.${name} or [ ])
            ++ lib.optionals (name == "nativeBuildInputs") (
              stdenv.extraNativeBuildInputs
              ++ checks
              ++ installChecks
              ++ lib.optional stdenv.hasCC stdenv.cc
            )
            ++ lib.optionals (name == "buildInputs") stdenv.extraBuildInputs
          );
        }) inputLists
      );
      references = lib.filterAttrs (_: value: value != null) {
        allowedReferences = attrs.allowedReferences or null;
        allowedRequisites = attrs.allowedRequisites or null;
        disallowedReferences = attrs.disallowedReferences or null;
        disallowedRequisites = attrs.disallowedRequisites or null;
        outputChecks = attrs.outputChecks or null;
      };
    in
    removeAttrs attrs outside
    // references
    // (attrs.env or { })
    // given
    // {
      name = lib.strings.sanitizeDerivationName (nameOf attrs);
      inherit system;
      builder = attrs.realBuilder or stdenv.shell;
      args = attrs.args or [
        "-e"
        (if attrs ? builder then attrs.builder else "${stdenv}/builder.sh")
      ];
      stdenv = "${stdenv}";
      # What the sandbox shows as /bin/sh, which the C library's system() calls.
      sandboxShell = stdenv.shell;
      initialPath = map (tool: "${tool}") stdenv.initialPath;
      outputs = attrs.outputs or [ "out" ];
      strictDeps = attrs.strictDeps or false;
      doCheck = attrs.doCheck or false;
      doInstallCheck = attrs.doInstallCheck or false;
      userHook = null;
      # Without references to anything that only the build needs to know.
      __ignoreNulls = true;
    };

  finish =
    attrs: rebuild:
    let
      outputs = attrs.outputs or [ "out" ];
      meta = {
        name = lib.strings.sanitizeDerivationName (nameOf attrs);
        outputsToInstall =
          if elem "bin" outputs then
            [ "bin" ] ++ lib.optional (elem "man" outputs) "man"
          else
            [ (if elem "out" outputs then "out" else builtins.head outputs) ]
            ++ lib.optional (elem "man" outputs) "man";
        available = true;
        broken = false;
        insecure = false;
        unfree = false;
        unsupported = false;
      }
      // lib.optionalAttrs (position != null) {
        position = "${position.file}:${toString position.line}";
      }
      // attrs.meta or { };
      position =
        if attrs ? pos && attrs.pos != null then
          attrs.pos
        else if attrs ? meta.description then
          builtins.unsafeGetAttrPos "description" attrs.meta
        else if attrs ? version then
          builtins.unsafeGetAttrPos "version" attrs
        else
          builtins.unsafeGetAttrPos "name" attrs;
      checked =
        value:
        if meta.broken then
          throw "Package '${nameOf attrs}' is marked as broken${
            lib.optionalString (position != null) " in ${position.file}:${toString position.line}"
          }, refusing to evaluate."
        else
          value;
      passthru = attrs.passthru or { };
    in
    lib.extendDerivation (checked true) (
      {
        inherit meta passthru;
        overrideAttrs = rebuild;
        inherit stdenv;
        inputDerivation = mkDerivation (
          removeAttrs attrs [ "meta" "passthru" ] // {
            name = "inputs-of-${nameOf attrs}";
            outputs = [ "out" ];
            args = [ "-c" "export >$out" ];
          }
        );
      }
      // passthru
    ) (derivation (environment attrs));

  # `mkDerivation { }` or `mkDerivation (finalAttrs: { })`.
  mkDerivation =
    definition:
    let
      function = if isFunction definition then definition else _: definition;
      close =
        f:
        let
          attrs = f (attrs // { finalPackage = package; });
          rebuild =
            change:
            close (
              final:
              let
                previous = f final;
                changed = if isFunction change then change previous else change;
              in
              previous
              // (
                if isFunction change && isFunction changed then change final previous else changed
              )
            );
          package = finish attrs rebuild;
        in
        package;
    in
    close function;
in
mkDerivation
