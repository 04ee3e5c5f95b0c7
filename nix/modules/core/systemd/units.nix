# From unit options to unit files: the text of each kind of unit and the folder that holds them.
{ lib, pkgs }:
let
  inherit (lib)
    concatMapStrings
    concatStringsSep
    filterAttrs
    isList
    mapAttrs
    mapAttrs'
    mapAttrsToList
    nameValuePair
    optionalString
    ;

  toOption =
    value:
    if value == true then
      "true"
    else if value == false then
      "false"
    # A file of a flake, which only its machine's closure brings along; other paths are the machine's own.
    else if builtins.isPath value && lib.hasPrefix "${builtins.storeDir}/" (toString value) then
      "${value}"
    else
      toString value;

  # `Key=value` lines; a list gives one line for each element.
  attrsToSection =
    attrs:
    concatStringsSep "" (
      mapAttrsToList (
        name: value:
        if value == null then
          ""
        else
          concatMapStrings (one: "${name}=${toOption one}\n") (if isList value then value else [ value ])
      ) attrs
    );
  section = title: attrs: optionalString (attrs != { }) ("\n[${title}]\n" + attrsToSection attrs);

  # systemd splits `Environment=` at blanks, so each assignment is one quoted word.
  environmentLine =
    name: value:
    optionalString (value != null) (
      "Environment=" + builtins.toJSON "${name}=${toString value}" + "\n"
    );
  environmentLines = env: concatStringsSep "" (mapAttrsToList environmentLine env);

  unitHead = def: "[Unit]\n" + attrsToSection def.unitConfig;

  base = def: text: {
    inherit (def)
      name
      enable
      overrideStrategy
      aliases
      wantedBy
      requiredBy
      upheldBy
      ;
    text = text + optionalString (def.extraUnitText or "" != "") ("\n" + def.extraUnitText);
  };
  simple =
    title: configName: def:
    base def (unitHead def + optionalString (configName != null) (section title def.${configName}));

  serviceSection =
    def:
    "\n[Service]\n"
    + environmentLines def.environment
    + (
      if def.reloadIfChanged then
        "X-ReloadIfChanged=true\n"
      else if !def.restartIfChanged then
        "X-RestartIfChanged=false\n"
      else
        ""
    )
    + optionalString (!def.stopIfChanged) "X-StopIfChanged=false\n"
    + optionalString def.notSocketActivated "X-NotSocketActivated=true\n"
    + attrsToSection def.serviceConfig;
  socketSection =
    def:
    "\n[Socket]\n"
    + attrsToSection def.socketConfig
    + concatMapStrings (s: "ListenStream=${s}\n") def.listenStreams
    + concatMapStrings (s: "ListenDatagram=${s}\n") def.listenDatagrams;
  commaJoined = value: if isList value then concatStringsSep "," value else value;

  unitOf = {
    target = simple null null;
    service = def: base def (unitHead def + serviceSection def);
    socket = def: base def (unitHead def + socketSection def);
    timer = simple "Timer" "timerConfig";
    path = simple "Path" "pathConfig";
    mount =
      def: base def (unitHead def + "\n[Mount]\n" + attrsToSection def.mountConfig);
    automount =
      def: base def (unitHead def + "\n[Automount]\n" + attrsToSection def.automountConfig);
    slice = simple "Slice" "sliceConfig";
  };

  # The units of one kind, named `foo.service`.
  named = kind: defs: mapAttrs' (name: def: nameValuePair "${name}.${kind}" (unitOf.${kind} def)) defs;

  # A unit as data, for the builder.
  asData =
    unit:
    {
      inherit (unit) enable overrideStrategy;
      text = if unit.text == null then "" else unit.text;
    }
    // filterAttrs (_: value: value != [ ]) {
      inherit (unit)
        aliases
        wantedBy
        requiredBy
        upheldBy
        ;
    };
in
rec {
  inherit
    attrsToSection
    environmentLines
    unitOf
    named
    ;
  unitsOf = kinds: lib.foldl' (all: kind: all // named kind kinds.${kind}) { } (lib.attrNames kinds);

  shellEscapeName = name: lib.replaceStrings [ "\\" "@" ] [ "-" "_" ] name;

  # A script of a unit as a program in the store.
  makeJobScript =
    {
      name,
      text,
      enableStrictShellChecks ? false,
    }:
    let
      escaped = shellEscapeName name;
      script = import ../../../build/tree.nix {
        system = pkgs.stdenv.hostPlatform.system;
        name = "unit-script-${escaped}";
        entries."bin/${escaped}" = {
          executable = true;
          text = "#!${pkgs.runtimeShell} -e\n${text}\n";
        };
      };
    in
    "${script}/bin/${escaped}";

  # One unit file as a derivation of its own.
  makeUnit =
    name: unit:
    import ../../../build/tree.nix {
      system = pkgs.stdenv.hostPlatform.system;
      name = "unit-${lib.replaceStrings [ "\\" "@" ] [ "-" "_" ] name}";
      entries.${lib.replaceStrings [ "\\" ] [ "-" ] name} =
        if unit.enable then { text = if unit.text == null then "" else unit.text; } else { link = "/dev/null"; };
    };

  # The folder of unit files (`/etc/systemd/system`, `/etc/systemd/user`).
  generateUnits =
    {
      type,
      units,
      upstream ? null,
      packages ? [ ],
      suppressed ? [ ],
      links ? { },
      ...
    }:
    derivation {
      name = "${type}-units";
      system = pkgs.stdenv.hostPlatform.system;
      builder = "builtin:systemd-units";
      plan = builtins.toJSON {
        inherit
          type
          suppressed
          links
          ;
        upstream = if upstream == null then null else "${upstream}";
        packages = map (package: "${package}") packages;
        units = mapAttrs (_: asData) units;
      };
      preferLocalBuild = true;
      allowSubstitutes = false;
    };
}
