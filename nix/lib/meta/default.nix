# What is known about packages: `meta`.
{ lib }:
let
  inherit (builtins)
    all
    any
    isString
    mapAttrs
    match
    parseDrvName
    typeOf
    ;
  inherit (lib.asserts) assertMsg;
  inherit (lib.attrsets) isDerivation mapAttrs' matchAttrs;
  inherit (lib.strings) escapeNixIdentifier toLower;
  inherit (lib.trivial) warn;

  bySpdxIdLower = mapAttrs' (id: value: {
    name = toLower id;
    inherit value;
  }) meta.licensesSpdx;

  meta = {
    /**
      A package with further attributes in `meta`.

      # Type
      `addMetaAttrs :: AttrSet -> Derivation -> Derivation`

      # Example
      (lib.addMetaAttrs { a = 1; } { name = "x"; meta.b = 2; }).meta
      => { a = 1; b = 2; }
    */
    addMetaAttrs =
      attrs: drv:
      let
        extended = old: { meta = (old.meta or { }) // attrs; };
      in
      if drv ? overrideAttrs then drv.overrideAttrs extended else drv // extended drv;

    /**
      A package that build farms neither build nor distribute.

      # Example
      (lib.dontDistribute { name = "x"; }).meta.hydraPlatforms
      => [ ]
    */
    dontDistribute = meta.addMetaAttrs { hydraPlatforms = [ ]; };

    /**
      A package under another name.

      # Example
      (lib.setName "y" { name = "x"; }).name
      => "y"
    */
    setName = name: drv: drv // { inherit name; };

    /**
      A package under the name that a function makes of its own.

      # Type
      `updateName :: (String -> String) -> Derivation -> Derivation`

      # Example
      (lib.updateName (name: "my-${name}") { name = "foo-1"; }).name
      => "my-foo-1"
    */
    updateName = function: drv: drv // { name = function drv.name; };

    /**
      A package with something put between name and version.

      # Type
      `appendToName :: String -> Derivation -> Derivation`

      # Example
      (lib.appendToName "with-x" { name = "foo-1.0"; }).name
      => "foo-with-x-1.0"
    */
    appendToName =
      suffix:
      meta.updateName (
        full:
        let
          parsed = parseDrvName full;
        in
        "${parsed.name}-${suffix}-${parsed.version}"
      );

    /**
      Applies a function to every derivation of a set.

      # Example
      lib.mapDerivationAttrset (drv: drv.name) { a = { type = "derivation"; name = "x"; }; b = 1; }
      => { a = "x"; b = 1; }
    */
    mapDerivationAttrset =
      function: mapAttrs (_: package: if isDerivation package then function package else package);

    /** The priority of a package that says nothing about it. */
    defaultPriority = 5;

    /**
      A package with a priority: the lower number wins when two have the same file.

      # Example
      (lib.setPrio 3 { name = "x"; }).meta.priority
      => 3
    */
    setPrio = priority: meta.addMetaAttrs { inherit priority; };

    /**
      A package that gives way to others.

      # Example
      (lib.lowPrio { name = "x"; }).meta.priority
      => 10
    */
    lowPrio = meta.setPrio 10;

    /**
      `lowPrio` for every package of a set.

      # Example
      (lib.lowPrioSet { a = { type = "derivation"; }; }).a.meta.priority
      => 10
    */
    lowPrioSet = meta.mapDerivationAttrset meta.lowPrio;

    /**
      A package that wins over others.

      # Example
      (lib.hiPrio { name = "x"; }).meta.priority
      => (-10)
    */
    hiPrio = meta.setPrio (-10);

    /**
      `hiPrio` for every package of a set.

      # Example
      (lib.hiPrioSet { a = { type = "derivation"; }; }).a.meta.priority
      => (-10)
    */
    hiPrioSet = meta.mapDerivationAttrset meta.hiPrio;

    /**
      Whether a platform is meant by an entry of `meta.platforms`: its name, or a pattern of it.

      # Type
      `platformMatch :: Platform -> (String | AttrSet) -> Bool`

      # Example
      lib.meta.platformMatch { system = "x86_64-linux"; } "x86_64-linux"
      => true
    */
    platformMatch =
      platform: entry:
      if isString entry then
        platform.system or null == entry
      else
        matchAttrs (if entry ? parsed then entry else { parsed = entry; }) platform;

    /**
      Whether a package is meant for a platform.

      # Type
      `availableOn :: Platform -> Package -> Bool`

      # Example
      lib.meta.availableOn (lib.systems.elaborate "x86_64-linux") { meta.platforms = lib.platforms.linux; }
      => true
    */
    availableOn =
      platform: package:
      let
        isNamed = any (meta.platformMatch platform);
      in
      (!(package ? meta.platforms) || isNamed package.meta.platforms)
      && !(package ? meta.badPlatforms && isNamed package.meta.badPlatforms);

    /** The licences by their SPDX identifiers. */
    licensesSpdx = mapAttrs' (_: license: {
      name = license.spdxId;
      value = license;
    }) (lib.attrsets.filterAttrs (_: license: license ? spdxId) lib.licenses);

    /**
      The licence with an SPDX identifier, whose case does not matter; with a warning a made-up one.

      # Type
      `getLicenseFromSpdxId :: String -> License`

      # Example
      lib.getLicenseFromSpdxId "MIT" == lib.licenses.mit
      => true
    */
    getLicenseFromSpdxId =
      id:
      meta.getLicenseFromSpdxIdOr id (
        warn "getLicenseFromSpdxId: No license with the given SPDX ID found: ${id}" {
          shortName = id;
          spdxId = id;
        }
      );

    /**
      The licence with an SPDX identifier, or a default.

      # Type
      `getLicenseFromSpdxIdOr :: String -> a -> License | a`

      # Example
      lib.getLicenseFromSpdxIdOr "no such licence" null
      => null
    */
    getLicenseFromSpdxIdOr = id: default: bySpdxIdLower.${toLower id} or default;

    /**
      The path of a package's main program, which `meta.mainProgram` names.

      # Type
      `getExe :: Package -> String`

      # Example
      lib.getExe { type = "derivation"; outPath = "/nix/store/x"; meta.mainProgram = "foo"; }
      => "/nix/store/x/bin/foo"
    */
    getExe =
      package:
      let
        label = escapeNixIdentifier (package.meta.name or package.pname or package.name);
        guessed =
          warn "getExe: Package ${label} does not have the meta.mainProgram attribute. Its main program is taken to have the package's name, which will stop working: set meta.mainProgram, or name the program with lib.getExe' ${label} \"program\"." (
            lib.strings.getName package
          );
      in
      meta.getExe' package (package.meta.mainProgram or guessed);

    /**
      The path of a program of a package.

      # Type
      `getExe' :: Package -> String -> String`

      # Example
      lib.getExe' { type = "derivation"; outPath = "/nix/store/x"; } "foo"
      => "/nix/store/x/bin/foo"
    */
    getExe' =
      package: program:
      assert assertMsg (isDerivation package)
        "lib.meta.getExe': The first argument is of type ${typeOf package}, but it should be a derivation instead.";
      assert assertMsg (isString program)
        "lib.meta.getExe': The second argument is of type ${typeOf program}, but it should be a string instead.";
      assert assertMsg (match ".*/.*" program == null)
        "lib.meta.getExe': The second argument \"${program}\" is a nested path with a \"/\" character, but it should just be the name of the executable instead.";
      "${lib.attrsets.getBin package}/bin/${program}";

    /**
      The parts of a CPE of a package whose version number stands in it whole.

      # Type
      `cpeFullVersionWithVendor :: String -> String -> AttrSet`

      # Example
      lib.meta.cpeFullVersionWithVendor "gnu" "1.2.3"
      => { update = "*"; vendor = "gnu"; version = "1.2.3"; }
    */
    cpeFullVersionWithVendor = vendor: version: {
      inherit vendor version;
      update = "*";
    };
  };
in
meta
