# Saved boots: machines booted once for all tests that have the same, as derivations.
{
  config,
  lib,
  hostPkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  inherit (config) driverParts;

  # What the store of one machine holds.
  storeImage =
    name: machine:
    derivation {
      name = "store-image-${name}";
      inherit (hostPkgs.stdenv.hostPlatform) system;
      builder = "builtin:store-image";
      roots = [ "${machine.system.build.toplevel}" ];
      preferLocalBuild = true;
      allowSubstitutes = false;
    };

  # Only what the machine itself is made of: no script, no other machine, nothing of the test's name.
  savedBoot =
    name: node:
    let
      configuration = {
        inherit name;
        tools = driverParts.machineTools;
        vlans = lib.unique (map (i: i.vlan) node.interfaces);
        nodes.${name} = node // {
          backend = "vm";
          needs = [ ];
          sharedDirectories = [ ];
          vm = node.vm // {
            # Ports of the host are only taken while the test runs.
            forwardPorts = [ ];
          };
        };
      };
    in
    derivation {
      name = "saved-boot-${name}";
      inherit (hostPkgs.stdenv.hostPlatform) system;
      builder = "builtin:saved-boot";
      driverConfig = "${hostPkgs.writeText "saved-boot-${name}.json" (builtins.toJSON configuration)}";
      requiredSystemFeatures = [ "nixos-test" ];
      optionalSystemFeatures = [ "kvm" ];
      expectedMemory = 128 + node.vm.memorySize;
      expectedLoad = 100 * node.vm.cores;
    };

  wanted = machine: machine.virtualisation.backend == "vm" && machine.testing.savedBoot;
  isSaved = machine: wanted machine && machine.virtualisation.notSaved == [ ];
in
{
  options = {
    testing.savedBoot = mkOption {
      type = types.bool;
      default = false;
      description = ''
        Whether virtual machines go on from saved boots. A saved boot is a machine at `multi-user.target`, its
        memory and its disks, as a derivation that depends on the machine's system and hardware only, so that
        tests with the same machine share it. The first start of a machine then takes half a second. Clock,
        random numbers and machine id are made anew; whatever else the system made while it booted, such as
        the ssh server's keys, is the same in every run. Later starts boot as usual. Machines that can't be
        saved boot, and the log says why; containers, which start as quickly, ignore this.
        `firn test run --saved-boot` sets it for one run.
      '';
    };
    savedBoots = mkOption {
      type = types.raw;
      internal = true;
      readOnly = true;
      description = "`isSaved`, which machines have a saved boot, and `extend`, what it adds to a node's configuration.";
    };
  };
  config.savedBoots = {
    inherit isSaved;
    extend =
      name: machine: node:
      if isSaved machine then
        let
          own = node // {
            storeImage = "${storeImage name machine}";
            vm = node.vm // {
              slots = 2;
            };
          };
        in
        own // { savedBoot = "${savedBoot name own}"; }
      else
        node // lib.optionalAttrs (wanted machine) { inherit (machine.virtualisation) notSaved; };
  };
}
