# Builds that are one shell text.
{ pkgs, lib, ... }:
let
  runCommandWith =
    {
      stdenv ? pkgs.stdenvNoCC,
      runLocal ? false,
      derivationArgs ? { },
      name,
    }:
    buildCommand:
    stdenv.mkDerivation (
      {
        enableParallelBuilding = true;
        inherit buildCommand name;
        passAsFile = [ "buildCommand" ] ++ (derivationArgs.passAsFile or [ ]);
      }
      // lib.optionalAttrs (!derivationArgs ? meta) {
        pos = builtins.unsafeGetAttrPos "name" derivationArgs;
      }
      // lib.optionalAttrs runLocal {
        preferLocalBuild = true;
        allowSubstitutes = false;
      }
      // removeAttrs derivationArgs [ "passAsFile" ]
    );

  run =
    stdenv: runLocal: name: env:
    runCommandWith {
      inherit stdenv runLocal name;
      derivationArgs = env;
    };
in
{
  inherit runCommandWith;

  # runCommand NAME ENVIRONMENT SHELL-TEXT
  runCommand = name: env: run pkgs.stdenvNoCC false name env;
  runCommandNoCC = name: env: run pkgs.stdenvNoCC false name env;
  runCommandLocal = name: env: run pkgs.stdenvNoCC true name env;
  runCommandNoCCLocal = name: env: run pkgs.stdenvNoCC true name env;
  runCommandCC = name: env: run pkgs.stdenv false name env;

  # `@name@` replaced in a file, for every attribute given.
  substituteAll =
    attrs@{ src, ... }:
    pkgs.stdenvNoCC.mkDerivation (
      {
        name = attrs.name or (baseNameOf (toString src));
        buildCommand = ''
          eval "''${preInstall-}"
          args=
          target=$out
          if [ -n "''${dir-}" ]; then
            target=$out/$dir/$name
            mkdir -p "$out/$dir"
          fi
          substituteAll "$src" "$target"
          if [ -n "''${isExecutable-}" ]; then
            chmod +x "$target"
          fi
          eval "''${postInstall-}"
        '';
        preferLocalBuild = true;
        allowSubstitutes = false;
      }
      // attrs
    );

  # replaceVars FILE { name = value; … }: every `@name@` of the file must be given; null leaves it.
  replaceVars =
    src: variables:
    let
      given = lib.filterAttrs (_: value: value != null) variables;
      flags = lib.concatLists (
        lib.mapAttrsToList (name: value: [
          "--replace-fail"
          "@${name}@"
          "${value}"
        ]) given
      );
    in
    pkgs.stdenvNoCC.mkDerivation {
      name = baseNameOf (toString src);
      inherit src;
      kept = map (name: "@${name}@") (
        builtins.attrNames (lib.filterAttrs (_: value: value == null) variables)
      );
      buildCommand = ''
        substitute "$src" "$out" ${lib.escapeShellArgs flags}
        left=$(grep -oE '@[a-zA-Z_][0-9A-Za-z_-]*@' "$out" | sort -u | grep -vxF -f <(printf '%s\n' $kept) || true)
        if [ -n "$left" ]; then
          echo "error: nothing is given for" $left >&2
          exit 1
        fi
        if [ -x "$src" ]; then chmod +x "$out"; fi
      '';
      preferLocalBuild = true;
      allowSubstitutes = false;
    };
  substitute =
    args@{
      name ? baseNameOf (toString src),
      src,
      substitutions ? [ ],
      replacements ? [ ],
      ...
    }:
    pkgs.stdenvNoCC.mkDerivation (
      {
        inherit name src;
        buildCommand = ''
          substitute "$src" "$out" ${
            if substitutions != [ ] then lib.escapeShellArgs substitutions else toString replacements
          }
        '';
        preferLocalBuild = true;
        allowSubstitutes = false;
      }
      // removeAttrs args [ "name" "src" "substitutions" "replacements" ]
    );

  # A copy of a source with patches applied.
  applyPatches =
    {
      src,
      name ?
        (if builtins.typeOf src == "path" then baseNameOf src else src.name or "source") + "-patched",
      patches ? [ ],
      prePatch ? "",
      postPatch ? "",
      ...
    }:
    pkgs.stdenvNoCC.mkDerivation {
      inherit
        name
        src
        patches
        prePatch
        postPatch
        ;
      preferLocalBuild = true;
      allowSubstitutes = false;
      phases = "unpackPhase patchPhase installPhase";
      installPhase = "cp -R ./ $out";
    };

  srcOnly =
    attrs:
    let
      args = attrs.drvAttrs or attrs;
    in
    pkgs.stdenvNoCC.mkDerivation {
      name = "${args.name or "source"}-source";
      inherit (args) src;
      patches = args.patches or [ ];
      phases = "unpackPhase patchPhase installPhase";
      installPhase = "cp -R ./ $out";
    };

  # A package whose only content is a setup hook.
  makeSetupHook =
    {
      name ? lib.warn "makeSetupHook: pass a name" "hook",
      propagatedBuildInputs ? [ ],
      propagatedNativeBuildInputs ? [ ],
      depsTargetTargetPropagated ? [ ],
      meta ? { },
      passthru ? { },
      substitutions ? { },
      ...
    }:
    script:
    pkgs.runCommand name
      (
        substitutions
        // {
          inherit
            meta
            passthru
            propagatedBuildInputs
            propagatedNativeBuildInputs
            ;
          strictDeps = true;
        }
      )
      ''
        mkdir -p $out/nix-support
        cp ${script} $out/nix-support/setup-hook
        chmod u+w $out/nix-support/setup-hook
        _writePropagated
        substituteAll ${script} $out/nix-support/setup-hook
      '';

  # Registration data of a closure: `registration`, `store-paths`, `total-nar-size`.
  closureInfo =
    { rootPaths }:
    derivation {
      name = "closure-info";
      inherit (pkgs.stdenv) system;
      __structuredAttrs = true;
      exportReferencesGraph.closure = rootPaths;
      preferLocalBuild = true;
      PATH = "${pkgs.coreutils}/bin:${pkgs.jq}/bin";
      builder = "${pkgs.bash}/bin/bash";
      args = [
        "-e"
        ./closure-info.sh
      ];
      outputs = [ "out" ];
    };

  writeReferencesToFile = path: pkgs.writeClosure [ path ];
  writeClosure =
    paths:
    pkgs.runCommandLocal "runtime-deps" { } ''
      cp ${pkgs.closureInfo { rootPaths = paths; }}/store-paths $out
    '';

  # A file that can't be fetched: the user must add it to the store.
  requireFile =
    {
      name ? null,
      sha256 ? null,
      sha1 ? null,
      hash ? null,
      url ? null,
      message ? null,
      hashMode ? "flat",
    }:
    let
      name' = if name == null then baseNameOf (toString url) else name;
      algo =
        if hash != null then
          ""
        else if sha256 != null then
          "sha256"
        else
          "sha1";
      value =
        if hash != null then
          hash
        else if sha256 != null then
          sha256
        else
          sha1;
      text =
        if message != null then
          message
        else
          ''
            ${name'} can't be fetched by itself. Get it from ${toString url} and add it to the store with
              nix-store --add-fixed ${if algo == "" then "sha256" else algo} ${name'}
          '';
    in
    pkgs.stdenvNoCC.mkDerivation {
      name = name';
      outputHashMode = hashMode;
      outputHashAlgo = algo;
      outputHash = value;
      preferLocalBuild = true;
      allowSubstitutes = false;
      builder = pkgs.writeScript "restrict-message" ''
        . "$stdenv/setup"
        printf '%s' ${lib.escapeShellArg text} >&2
        exit 1
      '';
    };
}
