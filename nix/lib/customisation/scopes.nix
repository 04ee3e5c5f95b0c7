# Sets of packages that see each other, also for cross compilation (part of `lib.customisation`).
{ lib }:
let
  inherit (builtins) listToAttrs mapAttrs;
  inherit (lib.fixedPoints) extends;

  # A package's place in cross compilation: where it was built, where it runs, what it makes.
  crossIndex = {
    buildBuild = "BuildBuild";
    buildHost = "BuildHost";
    buildTarget = "BuildTarget";
    hostHost = "HostHost";
    hostTarget = "HostTarget";
    targetTarget = "TargetTarget";
  };

  scopes = {
    /**
      A set of packages made by a function of itself, with a `callPackage` that finds them beside
      those of an outer scope. `overrideScope` lays an overlay over it; `packages` is the function.

      # Type
      `makeScope :: (AttrSet -> callPackage) -> (Scope -> AttrSet) -> Scope`

      # Example
      ((lib.makeScope lib.callPackageWith (self: { a = 1; b = self.callPackage ({ a }: { v = a; }) { }; })).overrideScope (final: prev: { a = 2; })).b.v
      => 2
    */
    makeScope =
      newScope: function:
      let
        self = {
          callPackage = self.newScope { };
        }
        // function self
        // {
          newScope = extra: newScope (self // extra);
          overrideScope = overlay: scopes.makeScope newScope (extends overlay function);
          packages = function;
        };
      in
      self;

    /**
      `makeScopeWithSplicing'` with its arguments in a row.

      # Example
      (lib.makeScopeWithSplicing (splices: splices.pkgsHostTarget) (scope: f: f) { selfBuildBuild = { }; selfBuildHost = { }; selfBuildTarget = { }; selfHostHost = { }; selfTargetTarget = { }; } (_: { }) { } (self: { a = 1; b = self.a + 1; })).b
      => 2
    */
    makeScopeWithSplicing =
      splicePackages: newScope: otherSplices: keep: extra: f:
      scopes.makeScopeWithSplicing' { inherit newScope splicePackages; } {
        inherit
          extra
          f
          keep
          otherSplices
          ;
      };

    /**
      `makeScope` for cross compilation: `callPackage` passes packages from which each use takes the one
      for its platform. `otherSplices` holds the same set for the other platforms (`selfBuildHost` and
      so on); attributes that `keep` gives are passed as they are, those of `extra` besides.

      # Type
      `makeScopeWithSplicing' :: { splicePackages, newScope } -> { otherSplices, keep ?, extra ?, f } -> Scope`

      # Example
      (lib.makeScopeWithSplicing' { splicePackages = splices: splices.pkgsHostTarget; newScope = scope: f: f; } { otherSplices = { selfBuildBuild = { }; selfBuildHost = { }; selfBuildTarget = { }; selfHostHost = { }; selfTargetTarget = { }; }; f = self: { a = 1; b = self.a + 1; }; }).b
      => 2
    */
    makeScopeWithSplicing' =
      { splicePackages, newScope }@outer:
      {
        otherSplices,
        keep ? _: { },
        extra ? _: { },
        f,
      }@inner:
      let
        ownSplices = splicePackages {
          pkgsBuildBuild = otherSplices.selfBuildBuild;
          pkgsBuildHost = otherSplices.selfBuildHost;
          pkgsBuildTarget = otherSplices.selfBuildTarget;
          pkgsHostHost = otherSplices.selfHostHost;
          # Not the one of `otherSplices`: this set itself, with its overlays.
          pkgsHostTarget = self;
          pkgsTargetTarget = otherSplices.selfTargetTarget;
        };
        spliced = extra ownSplices // ownSplices // keep self;
        self = f self // {
          newScope = more: newScope (spliced // more);
          callPackage = newScope spliced;
          # The sets of other platforms are not overridden.
          overrideScope =
            overlay: scopes.makeScopeWithSplicing' outer (inner // { f = extends overlay f; });
          packages = f;
        };
      in
      self;

    /**
      The attributes `<prefix>BuildHost` … of a set as `{ buildHost … }`.

      # Type
      `renameCrossIndexFrom :: String -> AttrSet -> CrossIndex`

      # Example
      (lib.renameCrossIndexFrom "pkgs" { pkgsBuildHost = 1; }).buildHost
      => 1
    */
    renameCrossIndexFrom = prefix: set: mapAttrs (_: suffix: set."${prefix}${suffix}") crossIndex;

    /**
      `{ buildHost … }` as attributes `<prefix>BuildHost` ….

      # Type
      `renameCrossIndexTo :: String -> CrossIndex -> AttrSet`

      # Example
      (lib.renameCrossIndexTo "pkgs" { buildHost = 1; }).pkgsBuildHost
      => 1
    */
    renameCrossIndexTo =
      prefix: index:
      listToAttrs (
        map (place: {
          name = "${prefix}${crossIndex.${place}}";
          value = index.${place};
        }) (builtins.attrNames crossIndex)
      );

    /**
      Maps the six values of `{ buildBuild, buildHost, … }`.

      # Type
      `mapCrossIndex :: (a -> b) -> CrossIndex -> CrossIndex`

      # Example
      (lib.mapCrossIndex (x: x + 1) { buildBuild = 1; buildHost = 2; buildTarget = 3; hostHost = 4; hostTarget = 5; targetTarget = 6; }).hostHost
      => 5
    */
    mapCrossIndex =
      function:
      {
        buildBuild,
        buildHost,
        buildTarget,
        hostHost,
        hostTarget,
        targetTarget,
      }@index:
      mapAttrs (_: function) index;
  };
in
scopes
