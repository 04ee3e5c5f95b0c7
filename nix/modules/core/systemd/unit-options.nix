# The options of each kind of unit, as submodules.
{ lib, unitLib }:
let
  inherit (lib)
    mkOption
    mkIf
    mkMerge
    mkDefault
    types
    ;
  names = types.listOf types.str;
  list =
    description:
    mkOption {
      type = names;
      default = [ ];
      inherit description;
    };
  inherit (import ../../option-kinds.nix { inherit lib; }) flag lines;

  # A value of a unit file: one line, or a list of lines.
  primitive = types.oneOf [
    types.bool
    types.int
    types.float
    types.str
    types.path
    types.package
  ];
  unitValue = lib.mkOptionType {
    name = "unit option";
    description = "systemd option: a boolean, number, string, path, or a list of them";
    check =
      let
        one = value: value == null || primitive.check value;
        nested = value: lib.all (x: one x || (lib.isList x && lib.all one x)) value;
      in
      value: one value || (lib.isList value && nested value);
    merge =
      loc: defs:
      let
        values = lib.concatMap (def: lib.toList def.value) defs;
        mentioned = lib.filter (lib.isList) values;
      in
      if mentioned != [ ] then
        throw ''
          The option `${lib.showOption loc}' has a list inside a list, defined in ${
            lib.concatMapStringsSep ", " (def: "`${toString def.file}'") defs
          }.
          A unit option takes a list of values, one line of the unit file each: write `[ a b ]' or `list', not `[ list ]'.''
      else if lib.any (def: lib.isList def.value) defs then
        values
      else
        lib.mergeEqualOption loc defs;
  };
  sectionOption =
    title: manual:
    mkOption {
      type = types.attrsOf unitValue;
      default = { };
      description = "Settings of the section `[${title}]`; see {manpage}`${manual}`.";
    };

  shared = {
    enable = flag true "Whether the unit may be started; a disabled unit is masked (linked to /dev/null).";
    overrideStrategy = mkOption {
      type = types.enum [
        "asDropinIfExists"
        "asDropin"
      ];
      default = "asDropinIfExists";
      description = "Whether the unit is written as a drop-in beside a unit of the same name from a package (`asDropinIfExists`: only if there is one).";
    };
    wantedBy = list "Units that want this one (`WantedBy=`): it starts with them, and they don't mind its failure.";
    requiredBy = list "Units that require this one (`RequiredBy=`): they fail if it does.";
    upheldBy = list "Units that keep this one running (`UpheldBy=`).";
    aliases = list "Other names of the unit.";
  };

  concrete = shared // {
    text = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "Text of the unit file.";
    };
    unit = mkOption {
      internal = true;
      type = types.unspecified;
      description = "The unit file as a derivation.";
    };
    name = mkOption {
      internal = true;
      type = types.str;
      description = "Full name of the unit.";
    };
  };

  common = shared // {
    name = mkOption {
      type = types.str;
      internal = true;
      description = "Name of the unit without its suffix.";
    };
    description = mkOption {
      type = types.singleLineStr;
      default = "";
      description = "What the unit is, for people.";
    };
    documentation = list "Addresses of documentation (`man:`, `http:` …).";
    requires = list "Units that must start with this one; it fails if they do.";
    wants = list "Units started together with this one.";
    upholds = list "Units kept running as long as this one runs.";
    after = list "Units that start before this one, if both start.";
    before = list "Units that start after this one, if both start.";
    bindsTo = list "Like `requires`, and this unit stops when they stop.";
    partOf = list "This unit stops and restarts with these.";
    conflicts = list "Units that can't run beside this one.";
    requisite = list "Like `requires`, but they must already run.";
    onFailure = list "Units started when this one fails.";
    onSuccess = list "Units started when this one ends well.";
    startLimitBurst = mkOption {
      type = types.nullOr types.int;
      default = null;
      description = "How often the unit may start within `startLimitIntervalSec`.";
    };
    startLimitIntervalSec = mkOption {
      type = types.nullOr types.int;
      default = null;
      description = "Seconds over which starts are counted.";
    };
    unitConfig = sectionOption "Unit" "systemd.unit(5)";
    restartTriggers = mkOption {
      type = types.listOf types.unspecified;
      default = [ ];
      description = "Values whose change restarts the unit when the system is switched.";
    };
    reloadTriggers = mkOption {
      type = types.listOf types.unspecified;
      default = [ ];
      description = "Values whose change reloads the unit when the system is switched.";
    };
    extraUnitText = mkOption {
      type = types.lines;
      internal = true;
      default = "";
      description = "Text added at the end of the unit file.";
    };
  };

  joined = key: value: if value == [ ] then { } else { ${key} = toString value; };
  trigger =
    key: value:
    if value == [ ] then
      { }
    else
      { ${key} = toString (map (x: if builtins.isPath x then "${x}" else x) (lib.flatten value)); };
  optional = key: value: if value == null then { } else { ${key} = toString value; };

  unitConfigOf =
    config:
    joined "Requires" config.requires
    // joined "Wants" config.wants
    // joined "Upholds" config.upholds
    // joined "After" config.after
    // joined "Before" config.before
    // joined "BindsTo" config.bindsTo
    // joined "PartOf" config.partOf
    // joined "Conflicts" config.conflicts
    // joined "Requisite" config.requisite
    // joined "OnFailure" config.onFailure
    // joined "OnSuccess" config.onSuccess
    // trigger "X-Restart-Triggers" config.restartTriggers
    // trigger "X-Reload-Triggers" config.reloadTriggers
    // (if config.description == "" then { } else { Description = config.description; })
    // (
      if config.documentation == [ ] then { } else { Documentation = toString config.documentation; }
    )
    // optional "StartLimitIntervalSec" config.startLimitIntervalSec
    // optional "StartLimitBurst" config.startLimitBurst;

  serviceOptions = {
    environment = mkOption {
      type = types.attrsOf (
        types.nullOr (
          types.oneOf [
            types.str
            types.path
            types.package
            types.int
          ]
        )
      );
      default = { };
      description = "Environment of the service's processes; null removes a variable.";
    };
    path = mkOption {
      type = types.listOf (types.oneOf [ types.package types.str ]);
      default = [ ];
      description = "Packages whose programs the service finds by name.";
    };
    enableDefaultPath = flag true "Whether coreutils, findutils, grep, sed and systemd are part of `path`.";
    serviceConfig = sectionOption "Service" "systemd.service(5)";
    script = lines "Shell commands that are the service's main process.";
    scriptArgs = mkOption {
      type = types.str;
      default = "";
      description = "Arguments of `script`; specifiers such as `%i` are allowed.";
    };
    preStart = lines "Shell commands run before the main process starts.";
    postStart = lines "Shell commands run after the main process has started.";
    reload = lines "Shell commands that make the service read its configuration again.";
    preStop = lines "Shell commands that stop the service.";
    postStop = lines "Shell commands run after the service has stopped.";
    jobScripts = mkOption {
      type = types.attrsOf types.unspecified;
      internal = true;
      default = { };
      description = "The scripts of the service in the store.";
    };
    restartIfChanged = flag true "Whether the service restarts when its unit changes at a switch.";
    reloadIfChanged = flag false "Whether the service reloads instead of restarting when its unit changes at a switch.";
    stopIfChanged = flag true "Whether a changed service stops before the switch and starts after it, or restarts in one go after it.";
    notSocketActivated = flag false "Whether a changed service restarts even though a socket of it exists.";
    startAt = mkOption {
      type = types.coercedTo types.str lib.singleton names;
      default = [ ];
      example = "Sun 14:00:00";
      description = "Calendar times at which the service starts, as in {manpage}`systemd.time(7)`.";
    };
    enableStrictShellChecks = flag false "Whether the service's scripts are checked by shellcheck.";
    confinement = mkOption {
      type = types.submodule {
        options = {
          enable = flag false "Whether the service sees only the store paths it needs.";
          fullUnit = flag false "Whether the closure of the whole unit is visible.";
          packages = mkOption {
            type = types.listOf (types.either types.str types.package);
            default = [ ];
            description = "Further packages visible to the service.";
          };
        };
      };
      default = { };
      description = "Confines the service to what it needs.";
    };
  };

  # Which script option becomes which setting.
  scripts = [
    [ "preStart" "pre-start" "ExecStartPre" ]
    [ "postStart" "post-start" "ExecStartPost" ]
    [ "reload" "reload" "ExecReload" ]
    [ "preStop" "pre-stop" "ExecStop" ]
    [ "postStop" "post-stop" "ExecStopPost" ]
  ];
  serviceConfigModule =
    defaultPath:
    { name, config, ... }:
    let
      make =
        part: text:
        unitLib.makeJobScript {
          name = "${config.name}-${part}";
          inherit text;
          inherit (config) enableStrictShellChecks;
        };
      scriptOf =
        entry:
        let
          option = lib.elemAt entry 0;
        in
        mkIf (config.${option} != "") {
          ${lib.elemAt entry 2} = [ (make (lib.elemAt entry 1) config.${option}) ];
        };
      main = mkIf (config.script != "") {
        ExecStart = make "start" config.script + " " + config.scriptArgs;
      };
    in
    {
      config = {
        path = mkIf config.enableDefaultPath (lib.mkAfter defaultPath);
        environment.PATH = mkIf (config.path != [ ]) (
          mkDefault "${lib.makeBinPath config.path}:${lib.makeSearchPathOutput "bin" "sbin" config.path}"
        );
        serviceConfig = mkMerge ([ main ] ++ map scriptOf scripts);
      };
    };

  own =
    extraOptions:
    { name, config, ... }:
    {
      options = common // extraOptions;
      config = {
        name = mkDefault name;
        unitConfig = unitConfigOf config;
      };
    };
  sub =
    extraOptions: extraModules:
    types.attrsOf (types.submodule ([ (own extraOptions) ] ++ extraModules));
in
{
  inherit unitValue;
  units = types.attrsOf (
    types.submodule (
      { name, config, ... }:
      {
        options = concrete;
        config = {
          name = mkDefault name;
          unit = mkDefault (unitLib.makeUnit name config);
        };
      }
    )
  );
  targets = sub { } [ ];
  services = defaultPath: sub serviceOptions [ (serviceConfigModule defaultPath) ];
  sockets = sub {
    listenStreams = list "Addresses on which the socket listens for streams.";
    listenDatagrams = list "Addresses on which the socket listens for datagrams.";
    socketConfig = sectionOption "Socket" "systemd.socket(5)";
  } [ ];
  timers = sub { timerConfig = sectionOption "Timer" "systemd.timer(5)"; } [ ];
  paths = sub { pathConfig = sectionOption "Path" "systemd.path(5)"; } [ ];
  slices = sub { sliceConfig = sectionOption "Slice" "systemd.slice(5)"; } [ ];
  mountSubmodule = types.submodule [
    (own {
      what = mkOption {
        type = types.str;
        example = "/dev/sda1";
        description = "Device or other source that is mounted.";
      };
      where = mkOption {
        type = types.str;
        example = "/mnt";
        description = "Where it is mounted.";
      };
      type = mkOption {
        type = types.str;
        default = "";
        description = "Type of the file system.";
      };
      options = mkOption {
        type = types.commas;
        default = "";
        description = "Mount options.";
      };
      mountConfig = sectionOption "Mount" "systemd.mount(5)";
    })
    (
      { config, ... }:
      {
        config = {
          name = "";
          mountConfig = {
            What = config.what;
            Where = config.where;
          }
          // (if config.type == "" then { } else { Type = config.type; })
          // (if config.options == "" then { } else { Options = config.options; });
        };
      }
    )
  ];
  automountSubmodule = types.submodule [
    (own {
      where = mkOption {
        type = types.str;
        example = "/mnt";
        description = "Where the file system is mounted.";
      };
      automountConfig = sectionOption "Automount" "systemd.automount(5)";
    })
    (
      { config, ... }:
      {
        config = {
          name = "";
          automountConfig.Where = config.where;
        };
      }
    )
  ];
}
