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
        value = final.callPackage (../pkgs + "/${name}/package.nix") { };
      }) curatedNames
    );

  # Debian's packages that only have another name here.
  named =
    final: _prev:
    builtins.mapAttrs (
      name: entry:
      let
        at = builtins.elemAt entry;
      in
      final.fromDebian (at 0) {
        pname = name;
        meta = {
          description = at 2;
          license = lib.licenses.${at 1};
          mainProgram = if builtins.length entry > 3 then at 3 else name;
        };
      }
    ) (import ../pkgs/debian/named.nix);

  functions = final: {
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
    pkgsHostTarget = final;
    targetPackages = final;

    callPackage = lib.callPackageWith final;
    callPackages = lib.callPackagesWith final;
    newScope = extra: lib.callPackageWith (final // extra);
    makeScopeWithSplicing' =
      { f, ... }: lib.makeScope final.newScope f;
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
    named
    curated
    (import ../pkgs/aliases.nix)
    (final: _prev: import ./systems.nix { pkgs = final; inherit lib system; })
  ]
  ++ overlays;

  pkgs = builtins.foldl' (prev: overlay: prev // overlay pkgs prev) (functions pkgs) layers;
in
pkgs
