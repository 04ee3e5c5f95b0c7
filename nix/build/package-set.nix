# The package set as a fixed point: base functions, curated packages, aliases, then overlays.
{
  lib,
  system,
  config,
  overlays,
}:
let
  configuration = if builtins.isFunction config then config { inherit lib pkgs; } else config;

  # A folder of ../pkgs with a `package.nix` is the package of that name.
  curatedNames = builtins.filter (name: builtins.pathExists (../pkgs + "/${name}/package.nix")) (
    builtins.attrNames (builtins.readDir ../pkgs)
  );
  curated =
    final: _prev:
    builtins.listToAttrs (
      map (name: {
        inherit name;
        value = final.callPackage (asDebianMadeIt name (import (../pkgs + "/${name}/package.nix"))) { };
      }) curatedNames
    );
  # What nixpkgs builds from sources can be built otherwise (`override { withX = true; }`); Debian's binaries
  # can't. What a package here does not take is told and left out.
  asDebianMadeIt =
    name: function:
    let
      formals = builtins.functionArgs function;
      call =
        args:
        let
          unknown = builtins.attrNames (removeAttrs args (builtins.attrNames formals));
        in
        lib.warnIf (unknown != [ ])
          "base's `${name}' is made of Debian's binaries, and built no other way: ${
            lib.concatMapStringsSep ", " (argument: "`${argument}'") unknown
          } given to `${name}.override' has no effect."
          (function (builtins.intersectAttrs formals args));
    in
    if formals == { } then function else lib.setFunctionArgs call formals;

  lacking = import ./lacking {
    inherit lib system;
    inherit (own) linuxPackages;
  };

  tables = import ./debian/tables.nix { inherit lib; };

  # Others name files of nixpkgs that are not here.
  callPackageWith =
    available: file: if lacking.isFile file then _: lacking.file file else lib.callPackageWith available file;

  functions = final: {
    # Of sets of packages that `base` has a part of, the rest.
    __lacking = lacking.sets;
    __lackingKernels = lacking.linuxKernel;
    # By which `types.pkgs` knows a package set.
    _type = "pkgs";
    inherit lib;
    pkgs = final;
    __splicedPackages = final;
    config = configuration;
    inherit overlays;
    path = ../.;

    stdenv = import ./stdenv { pkgs = final; inherit lib system; };
    stdenvNoCC = final.stdenv.noCC;
    clangStdenv = final.stdenv;
    gccStdenv = final.stdenv;
    inherit system;
    inherit (final.stdenv) hostPlatform buildPlatform targetPlatform;
    buildPackages = final;
    pkgsBuildBuild = final;
    pkgsBuildHost = final;
    pkgsBuildTarget = final;
    pkgsHostHost = final;
    pkgsHostTarget = final;
    pkgsTargetTarget = final;
    targetPackages = final;

    callPackage = callPackageWith final;
    callPackages = lib.callPackagesWith final;
    newScope = extra: callPackageWith (final // extra);
    # Packages are built for the platform that builds them: there is one set, for whatever use.
    splicePackages = { pkgsHostTarget, ... }: pkgsHostTarget;
    makeScopeWithSplicing' =
      { f, ... }: lib.makeScope final.newScope f;
    generateSplicesForMkScope = _: { };
    extend = overlay: import ./package-set.nix {
      inherit lib system config;
      overlays = overlays ++ [ overlay ];
    };
    appendOverlays = more: import ./package-set.nix {
      inherit lib system config;
      overlays = overlays ++ more;
    };
  };

  layers = [
    (final: _prev: import ./debian { pkgs = final; inherit lib system; })
    (final: _prev: import ./trivial { pkgs = final; inherit lib system; })
    (final: _prev: import ./fetch { pkgs = final; inherit lib system; })
    (final: _prev: { formats = import ./formats { pkgs = final; inherit lib; }; })
    (final: _prev: {
      dockerTools = (lacking.sets.dockerTools or { }) // import ./docker { pkgs = final; inherit lib; };
    })
    tables.named
    curated
    tables.libraries
    (import ../pkgs/aliases.nix)
    (final: _prev: import ./systems.nix { pkgs = final; inherit lib system; })
  ];

  extended = builtins.foldl' (prev: overlay: prev // overlay pkgs prev);
  own = extended (functions pkgs) layers;
  # There are many names of what is lacking: they come in late.
  pkgs = extended (lacking.packages // own) overlays;
in
pkgs
