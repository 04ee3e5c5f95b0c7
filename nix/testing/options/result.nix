# What a test gives: a derivation that runs it, with everything about the test as attributes.
{
  config,
  lib,
  hostPkgs,
  extendModules,
  ...
}:
let
  inherit (lib) mkOption types;

  features = lib.attrNames (lib.filterAttrs (_: wanted: wanted) config.requiredFeatures);

  # What tests run side by side is chosen by these two (`max-jobs`, `max-build-memory`): MiB, and hundredths of
  # a processor. An emulated machine keeps its processors busy; containers wait about as long as they compute.
  machines = lib.attrValues config.allMachines;
  isVm = machine: machine.virtualisation.backend == "vm";
  sum = lib.foldl' (a: b: a + b) 0;
  memory = machine: 128 + (if isVm machine then machine.virtualisation.memorySize else 0);
  processors = map (machine: machine.virtualisation.cores) (lib.filter isVm machines);

  arguments = {
    # Names that people read may have spaces; those of store paths may not.
    name = lib.strings.sanitizeDerivationName "vm-test-run-${config.name}";
    inherit (hostPkgs.stdenv.hostPlatform) system;
    builder = "builtin:nixos-test";
    driverConfig = "${config.driverConfigurationFile}";
    requiredSystemFeatures = features;
    expectedMemory = sum (map memory machines);
    expectedLoad = if processors == [ ] then 30 else 100 * sum processors;
    # Mistakes in the script come to light before any machine starts.
    inherit (config) scriptCheck;
  }
  # Hardware acceleration is used where it is there, and not asked for.
  // lib.optionalAttrs config.usesVms { optionalSystemFeatures = [ "kvm" ]; };

  with' = module: (extendModules { modules = [ module ]; }).config.result;

  attributes = {
    meta = config.meta;
    driver = lib.extendDerivation true {
      nodes = config.nodesCompat;
      inherit config;
    } config.driver;
    inherit config;
    test = config.test;
    nodes = config.nodesCompat;
    inherit (config) containers;

    # The same test with another kind of nodes, and with saved boots.
    vm = with' { backend = lib.mkOverride 40 "vm"; };
    container = with' { backend = lib.mkOverride 40 "container"; };
    saved = with' { testing.savedBoot = lib.mkOverride 40 true; };
    override = changes: with' (lib.mapAttrs (_: lib.mkOverride 40) changes);

    extend =
      {
        modules,
        specialArgs ? { },
      }:
      (extendModules { inherit modules specialArgs; }).config.result;
    extendNixOS =
      {
        module,
        specialArgs ? { },
      }:
      with' {
        extraBaseModules = module;
        node.specialArgs = lib.mkOverride 50 specialArgs;
      };
    overrideTestDerivation = f: finish (change f);
  }
  // config.passthru;

  final = config.rawTestDerivationArg final;
  change = f: derivation (final // (if builtins.isFunction f then f final else f));
  finish = drv: lib.extendDerivation true attributes drv;
in
{
  imports = [ ../../modules/core/assertions/module.nix ];
  options = {
    rawTestDerivationArg = mkOption {
      type = types.functionTo types.raw;
      internal = true;
      description = "The derivation's attributes, as a function of what they come to in the end.";
    };
    rawTestDerivation = mkOption {
      type = types.raw;
      internal = true;
      description = "The derivation without attributes.";
    };
    test = mkOption {
      type = types.raw;
      internal = true;
      description = "The derivation that runs the test.";
    };
    result = mkOption {
      type = types.raw;
      internal = true;
      description = "What calling the test gives.";
    };
  };
  config = {
    rawTestDerivationArg = _: arguments;
    rawTestDerivation = derivation final;
    test = lib.asserts.checkAssertWarn config.assertions config.warnings (finish config.rawTestDerivation);
    result = config.test;
  };
}
