# Units, the service manager's settings and what of Debian's own units a machine runs.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib)
    mkOption
    mkIf
    types
    ;
  cfg = config.systemd;
  unitLib = import ./units.nix { inherit lib pkgs; };
  unitTypes = import ./unit-options.nix { inherit lib unitLib; };
  defaults = import ./suppressed.nix;

  defaultPath = [
    pkgs.coreutils
    pkgs.findutils
    pkgs.gnugrep
    pkgs.gnused
    cfg.package
  ];
  withGlobal =
    global: def:
    if global == { } then def else def // { environment = global // def.environment; };
  mountName = config._module.args.utils.escapeSystemdPath;
  byPath =
    kind: defs:
    lib.listToAttrs (
      map (def: lib.nameValuePair "${mountName def.where}.${kind}" (unitLib.unitOf.${kind} def)) defs
    );

  timerOf = name: service: {
    wantedBy = [ "timers.target" ];
    timerConfig.OnCalendar = service.startAt;
  };
  timersOf =
    services: lib.mapAttrs timerOf (lib.filterAttrs (_: s: s.enable && s.startAt != [ ]) services);

  managerConf =
    settings: extra:
    "[Manager]\n" + unitLib.attrsToSection settings + lib.optionalString (extra != "") (extra + "\n");

  kindOptions = {
    targets = mkOption {
      type = unitTypes.targets;
      default = { };
      description = "Targets: named points which a boot or a group of services reaches.";
    };
    services = mkOption {
      type = unitTypes.services defaultPath;
      default = { };
      description = "Services: processes which the service manager starts and watches.";
    };
    sockets = mkOption {
      type = unitTypes.sockets;
      default = { };
      description = "Sockets on which the service manager listens for services.";
    };
    timers = mkOption {
      type = unitTypes.timers;
      default = { };
      description = "Timers, which start services at given times.";
    };
    paths = mkOption {
      type = unitTypes.paths;
      default = { };
      description = "Paths whose change starts services.";
    };
    slices = mkOption {
      type = unitTypes.slices;
      default = { };
      description = "Slices: groups of processes that share limits.";
    };
    units = mkOption {
      type = unitTypes.units;
      default = { };
      description = "Unit files as text, by their full name.";
    };
  };
  kinds = c: globalEnvironment: {
    target = c.targets;
    service = lib.mapAttrs (_: withGlobal globalEnvironment) c.services;
    socket = c.sockets;
    timer = c.timers;
    path = c.paths;
    slice = c.slices;
  };

  suppressed = lib.subtractLists (
    cfg.additionalUpstreamSystemUnits ++ lib.attrNames cfg.units
  ) cfg.suppressedSystemUnits;
  unitPackages = lib.unique ([ cfg.package ] ++ cfg.packages);
  systemUnits = unitLib.generateUnits {
    type = "system";
    inherit (cfg) units;
    upstream = config.system.build.usr;
    packages = unitPackages;
    inherit suppressed;
    links = lib.genAttrs cfg.startedOnDemand (_: "/dev/null") // {
      "default.target" = cfg.defaultUnit;
      "ctrl-alt-del.target" = cfg.ctrlAltDelUnit;
    };
  };
  userUnits = unitLib.generateUnits {
    type = "user";
    inherit (cfg.user) units;
    upstream = config.system.build.usr;
    packages = unitPackages;
  };

  generatorMasks = lib.genAttrs (lib.subtractLists cfg.wantedGenerators defaults.generators) (
    _: "/dev/null"
  );
in
{
  options.systemd =
    kindOptions
    // {
      package = mkOption {
        type = types.package;
        default = pkgs.systemd;
        defaultText = lib.literalExpression "pkgs.systemd";
        description = "The package of systemd.";
      };
      mounts = mkOption {
        type = types.listOf unitTypes.mountSubmodule;
        default = [ ];
        description = "Mount units; `fileSystems` is the usual way to declare mounts.";
      };
      automounts = mkOption {
        type = types.listOf unitTypes.automountSubmodule;
        default = [ ];
        description = "Automount units: mounts made when they are first used.";
      };
      packages = mkOption {
        type = types.listOf types.package;
        default = [ ];
        description = "Packages whose units (in `lib/systemd` and `etc/systemd`) the machine has.";
      };
      globalEnvironment = mkOption {
        type = types.attrsOf (
          types.nullOr (
            types.oneOf [
              types.str
              types.path
              types.package
            ]
          )
        );
        default = { };
        example = {
          TZ = "CET";
        };
        description = "Environment of all services.";
      };
      managerEnvironment = mkOption {
        type = types.attrsOf (types.nullOr types.str);
        default = { };
        description = "Environment of the service manager itself.";
      };
      settings.Manager = mkOption {
        type = types.attrsOf unitTypes.unitValue;
        default = { };
        description = "Settings of the service manager; see {manpage}`systemd-system.conf(5)`.";
      };
      extraConfig = mkOption {
        type = types.lines;
        default = "";
        description = "Lines added to `system.conf`.";
      };
      sleep.extraConfig = mkOption {
        type = types.lines;
        default = "";
        description = "Lines of `sleep.conf`.";
      };
      defaultUnit = mkOption {
        type = types.str;
        default = "multi-user.target";
        description = "Unit which the boot starts.";
      };
      ctrlAltDelUnit = mkOption {
        type = types.str;
        default = "reboot.target";
        description = "Unit started by Ctrl-Alt-Del on the console.";
      };
      enableEmergencyMode = mkOption {
        type = types.bool;
        default = true;
        description = "Whether a boot that fails ends in an emergency shell.";
      };
      enableCgroupAccounting = mkOption {
        type = types.bool;
        default = true;
        description = "Whether the service manager counts the resources of each unit.";
      };
      enableStrictShellChecks = mkOption {
        type = types.bool;
        default = false;
        description = "Whether scripts of all units are checked by shellcheck.";
      };
      suppressedSystemUnits = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Units of packages which the machine does not have: they are masked.";
      };
      additionalUpstreamSystemUnits = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Units of systemd's own package which the machine has although they are suppressed by default.";
      };
      generators = mkOption {
        type = types.attrsOf types.path;
        default = { };
        description = "Generators, which make units at boot; /dev/null turns one of systemd's own off.";
      };
      startedOnDemand = mkOption {
        type = types.listOf types.str;
        internal = true;
        default = [ ];
        example = [ "multi-user.target.wants/dbus.service" ];
        description = "Links of packages that would start a unit at boot, which is started when it is needed instead.";
      };
      wantedGenerators = mkOption {
        type = types.listOf types.str;
        internal = true;
        default = [ ];
        description = "Which of systemd's own generators run at boot; the others are masked.";
      };
      shutdown = mkOption {
        type = types.attrsOf types.path;
        default = { };
        description = "Programs run at the very end of a shutdown.";
      };
      watchdog.runtimeTime = mkOption {
        type = types.nullOr types.str;
        default = null;
        description = "How long a hanging service manager lives before the hardware watchdog resets the machine.";
      };
      coredump.enable = mkOption {
        type = types.bool;
        default = false;
        description = "Whether crashed processes leave a core file with systemd-coredump.";
      };
      oomd.enable = mkOption {
        type = types.bool;
        default = false;
        description = "Whether systemd-oomd stops processes when memory runs out.";
      };
      user = kindOptions // {
        extraConfig = mkOption {
          type = types.lines;
          default = "";
          description = "Lines added to `user.conf`.";
        };
        generators = mkOption {
          type = types.attrsOf types.path;
          default = { };
          description = "Generators of the users' service managers.";
        };
      };
    };

  config = {
    systemd.suppressedSystemUnits = defaults.units;
    systemd.generators = lib.mapAttrs (_: lib.mkDefault) generatorMasks;
    systemd.timers = timersOf cfg.services;
    systemd.user.timers = timersOf cfg.user.services;
    systemd.units =
      unitLib.unitsOf (kinds cfg cfg.globalEnvironment)
      // byPath "mount" cfg.mounts
      // byPath "automount" cfg.automounts;
    systemd.user.units = unitLib.unitsOf (kinds cfg.user { });
    systemd.settings.Manager = {
      ManagerEnvironment = mkIf (cfg.managerEnvironment != { }) (
        lib.concatStringsSep " " (
          lib.mapAttrsToList (name: value: "${name}=${lib.escapeShellArg value}") cfg.managerEnvironment
        )
      );
      RuntimeWatchdogSec = mkIf (cfg.watchdog.runtimeTime != null) cfg.watchdog.runtimeTime;
      DefaultCPUAccounting = mkIf (!cfg.enableCgroupAccounting) false;
    };

    system.build.units = systemUnits;
    system.usrPackages = [ cfg.package ] ++ cfg.packages;
    environment.etc = {
      "systemd/system".source = systemUnits;
      "systemd/user".source = userUnits;
      "systemd/system.conf".text = managerConf cfg.settings.Manager cfg.extraConfig;
      "systemd/user.conf".text = managerConf { } cfg.user.extraConfig;
      "systemd/sleep.conf" = mkIf (cfg.sleep.extraConfig != "") {
        text = "[Sleep]\n${cfg.sleep.extraConfig}";
      };
    }
    // lib.mapAttrs' (
      name: source: lib.nameValuePair "systemd/system-generators/${name}" { inherit source; }
    ) cfg.generators
    // lib.mapAttrs' (
      name: source: lib.nameValuePair "systemd/user-generators/${name}" { inherit source; }
    ) cfg.user.generators
    // lib.mapAttrs' (
      name: source: lib.nameValuePair "systemd/system-shutdown/${name}" { inherit source; }
    ) cfg.shutdown;

    systemd.services."emergency" = mkIf (!cfg.enableEmergencyMode) { enable = false; };
    systemd.services."rescue" = mkIf (!cfg.enableEmergencyMode) { enable = false; };
  };
}
