# The nodes: which there are, what they have in common, and their evaluation.
{
  config,
  options,
  lib,
  hostPkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  nodeBase = import ../node;

  twice = lib.intersectLists (lib.attrNames (modulesOf options.nodes)) (
    lib.attrNames (modulesOf options.containers)
  );
  names = lib.attrNames (modulesOf options.nodes // modulesOf options.containers);
  numbers = lib.listToAttrs (lib.imap1 (number: name: lib.nameValuePair name number) names);

  # The backend is fixed before the nodes are evaluated: by the test, or else by what each node needs.
  evaluate =
    {
      name,
      modules,
      common,
      backend,
    }:
    import ../../modules/eval-config.nix {
      inherit lib;
      pkgs = config.node.pkgs;
      specialArgs = config.node.specialArgs;
      baseModules =
        import ../../modules
        ++ nodeBase
        ++ [
          config.extraBaseModules
          {
            _file = ./nodes.nix;
            key = "firn-test-node-${name}";
            _module.args = {
              nodes = config.nodesCompat;
              testNodes = allMachines;
              inherit hostPkgs;
            };
            virtualisation.test = {
              nodeName = name;
              nodeNumber = numbers.${name};
            };
            virtualisation.backend = lib.mkIf (backend != null) (lib.mkOverride 45 backend);
            testing.savedBoot = lib.mkOverride 1400 config.testing.savedBoot;
          }
        ];
      modules = modules ++ [ config.defaults ] ++ common;
    };

  pkgsModule = lib.optional (config.node.pkgs != null && config.node.pkgsReadOnly) {
    nixpkgs.pkgs = lib.mkOverride 90 config.node.pkgs;
  };

  machines =
    backend: common: set:
    lib.mapAttrs (
      name: modules:
      (evaluate {
        inherit name modules backend;
        common = common ++ pkgsModule;
      }).config
    ) set;
  # A script that is no function of the nodes can be looked at before they are evaluated.
  says = lib.any (word: builtins.isString config.testScript && lib.hasInfix word config.testScript);
  usesKeys = says [
    "_tty_"
    "screenshot("
    "send_chars("
    "send_key("
    "wait_for_text("
    "wait_for_x("
  ];
  # What the kernel says before there is a system is on a machine's console only, and QEMU's network for users
  # leads to the driver's side.
  usesConsole = says [ "get_console_log(" ];
  usesHost = says [ "10.0.2." ];
  usesAttributes = says [
    "chattr "
    "lsattr "
  ];
  setsClock = says [
    "timedatectl set-time"
    "date -s "
    "date --set"
  ];
  keys = lib.optional usesKeys {
    _file = ./nodes.nix;
    virtualisation.needs = [ "a screen and keys, which the script uses" ];
  }
  ++ lib.optional usesConsole {
    _file = ./nodes.nix;
    virtualisation.needs = [ "a console with the kernel's words, which the script uses" ];
  }
  ++ lib.optional setsClock {
    _file = ./nodes.nix;
    virtualisation.needs = [ "a clock of its own, which the script sets" ];
  }
  ++ lib.optional usesAttributes {
    _file = ./nodes.nix;
    virtualisation.needs = [ "attributes of files, which the script looks at" ];
  }
  ++ lib.optional usesHost {
    _file = ./nodes.nix;
    virtualisation = {
      needs = [ "a network to the driver's side (10.0.2.2), which the script uses" ];
      reachesHost = true;
    };
  };
  forced = if config.backend == "auto" then null else config.backend;
  evaluateNodes =
    further: machines forced ([ config.nodeDefaults config.extraBaseNodeModules ] ++ further);
  evaluateContainers = machines (if forced == null then "container" else forced) [ config.containerDefaults ];
  containers = evaluateContainers (modulesOf options.containers);
  allMachines = evaluateNodes keys (modulesOf options.nodes) // containers;

  # What is defined of machines: a list of modules for each, kept apart for their file names.
  modulesOf = option: moduleLists.merge option.loc option.definitionsWithLocations;
  moduleLists = types.lazyAttrsOf (
    lib.mkOptionType {
      name = "module";
      description = "module";
      check = value: lib.isAttrs value || lib.isFunction value || lib.isPath value || lib.isString value;
      merge = _: defs: map (def: lib.setDefaultModuleLocation def.file def.value) defs;
    }
  );

  # Modules by name, which are read as the machines that they make. Whoever reads them may be the script itself,
  # so what the script uses cannot be known there.
  set =
    evaluate: description:
    mkOption {
      type = moduleLists;
      apply = evaluate;
      default = { };
      inherit description;
    };
  module =
    description:
    mkOption {
      type = types.deferredModule;
      default = { };
      inherit description;
    };
in
{
  options = {
    nodes = set (evaluateNodes [ ]) "Machines of the test: attributes are names, values modules.";
    containers = set evaluateContainers "Machines which are always containers.";
    machine = mkOption {
      type = types.raw;
      internal = true;
      description = "Older name of `nodes.machine`.";
    };
    defaults = module "Module for all machines.";
    nodeDefaults = module "Module for `nodes` only.";
    containerDefaults = module "Module for `containers` only.";
    extraBaseModules = module "Module for all machines that variants without the parent's configuration keep, too.";
    extraBaseNodeModules = module "The same for `nodes` only.";
    backend = mkOption {
      type = types.enum [ "auto" "vm" "container" ];
      default = "auto";
      description = ''
        How nodes are run: `container` is fastest, `vm` is a whole machine. With `auto` a node is a
        container unless its configuration needs a machine of its own (`virtualisation.needs`).
      '';
    };
    node = {
      pkgs = mkOption {
        type = types.nullOr types.raw;
        default = null;
        description = "Package set of all machines.";
      };
      pkgsReadOnly = mkOption {
        type = types.bool;
        default = config.node.pkgs != null;
        description = "Whether machines may not change `nixpkgs.*`.";
      };
      specialArgs = mkOption {
        type = types.lazyAttrsOf types.raw;
        default = { };
        description = "Arguments which the machines' modules may use in `imports`.";
      };
    };
    allMachines = mkOption {
      type = types.raw;
      internal = true;
      readOnly = true;
      description = "Evaluated configurations of all machines.";
    };
    nodesCompat = mkOption {
      type = types.raw;
      internal = true;
      readOnly = true;
      description = "Configurations of the machines, which also answer to `.config`.";
    };
  };
  config = {
    nodes = lib.mkIf options.machine.isDefined {
      machine = lib.warn "test '${config.name}': `machine' is an older name of `nodes.machine'" config.machine;
    };
    allMachines =
      if twice != [ ] then
        throw "test '${config.name}': ${lib.concatStringsSep ", " twice} is in both `nodes` and `containers`"
      else if lib.length names > 254 then
        throw "test '${config.name}': a test can have at most 254 machines"
      else
        allMachines;
    nodesCompat = lib.mapAttrs (_: machine: machine // { config = machine; }) allMachines;
    _module.args = {
      nodes = config.nodesCompat;
      inherit allMachines containers;
    };
  };
}
