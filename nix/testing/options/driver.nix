# What the driver is told: nodes, networks, script and programs, as one JSON file.
{
  config,
  lib,
  hostPkgs,
  allMachines,
  ...
}:
let
  inherit (lib) mkOption types;
  machines = config.allMachines;
  virtual = lib.filterAttrs (_: machine: machine.virtualisation.backend == "vm") machines;
  hasVms = virtual != { };

  # QEMU itself serves the store to virtual machines.
  served =
    { virtualisation, ... }:
    removeAttrs virtualisation.sharedDirectories (lib.optional (virtualisation.backend == "vm") "nix-store");

  interfaces =
    machine:
    map (i: {
      inherit (i) name vlan mac;
    }) machine.system.build.networkConfig.interfaces;

  # The test's name where only some characters may be.
  fileName = lib.strings.sanitizeDerivationName config.name;

  inherit (config.savedBoots) isSaved;
  node = name: machine: config.savedBoots.extend name machine (plainNode machine);
  plainNode = machine: {
    number = machine.virtualisation.test.nodeNumber;
    inherit (machine.virtualisation) backend needs;
    system = "${machine.system.build.toplevel}";
    interfaces = interfaces machine;
    sharedDirectories =
      lib.mapAttrsToList (tag: share: {
        inherit tag;
        inherit (share) source target;
      }) (served machine)
      # Containers always see the folder that all share; a virtual machine does where the script uses it.
      ++ lib.optional (machine.virtualisation.backend == "vm" && usesShared) {
        tag = "firn-shared";
        source = "$SHARED_DIR";
        target = "/tmp/shared";
        mountLate = true;
      };
    credentials = lib.mapAttrs (_: credential: {
      inherit (credential) text;
      source = if credential.source == null then null else "${credential.source}";
    }) machine.virtualisation.credentials;
    vm =
      let
        inherit (machine.virtualisation) hardware;
      in
      if machine.virtualisation.backend == "vm" then
        hardware // { graphics = hardware.graphics == true || usesScreen; }
      else
        lib.optionalAttrs (hardware.forwardPorts != [ ]) { inherit (hardware) forwardPorts; };
  };

  # A screen costs time at boot, and most tests never look at it.
  usesScreen = lib.any (word: lib.hasInfix word config.testScriptString) [
    "get_screen_text"
    "screendump"
    "screenshot"
    "send_chars"
    "send_key"
    "tty"
    "wait_for_text"
    "wait_for_window"
    "wait_for_x"
  ];
  # Machines which commands of the script start.
  usesCommands = lib.hasInfix "create_machine" config.testScriptString;
  usesShared = lib.any (word: lib.hasInfix word config.testScriptString) [
    "shared_dir"
    "/tmp/shared"
  ];
  sharesFolders =
    hasVms && (usesShared || uses (machine: served machine != { }));
  uses = f: lib.any f (lib.attrValues virtual);

  # Machines with a saved boot have a store of their own (what the script names is plugged in); others may see
  # the build's.
  booting = lib.filterAttrs (
    _: machine: !(isSaved machine || machine.virtualisation.mountHostNixStore)
  ) virtual;
  # Store paths that the script names are in machines as well, whatever else it says.
  named = builtins.appendContext "" (builtins.getContext config.testScriptString);
  namedImage = derivation {
    name = "store-image-${fileName}-script";
    inherit (hostPkgs.stdenv.hostPlatform) system;
    builder = "builtin:store-image";
    inherit named;
    preferLocalBuild = true;
    allowSubstitutes = false;
  };
  namesPaths = builtins.hasContext config.testScriptString;
  hasSaved = lib.any isSaved (lib.attrValues virtual);

  # All systems of virtual machines in one image, made once.
  storeImage = derivation {
    name = "store-image-${fileName}";
    inherit (hostPkgs.stdenv.hostPlatform) system;
    builder = "builtin:store-image";
    roots = lib.mapAttrsToList (_: machine: "${machine.system.build.toplevel}") booting;
    inherit named;
    preferLocalBuild = true;
    allowSubstitutes = false;
  };

  # Names of variables in the script: what Python's names can't have becomes an underscore.
  variable =
    name:
    let
      fits = character: builtins.match "[A-Za-z0-9_]" character != null;
      characters = map (c: if fits c then c else "_") (lib.stringToCharacters name);
    in
    lib.concatStrings (if builtins.match "[0-9].*" name != null then [ "_" ] ++ lib.tail characters else characters);
  variables = map variable (lib.attrNames machines);
  vlans = lib.unique (
    lib.concatMap (machine: map (i: i.vlan) (interfaces machine)) (lib.attrValues machines)
  );
  scriptCheck = import ../script { inherit hostPkgs lib; };

  python = if config.extraPythonPackages hostPkgs.python3Packages == [ ] then
    hostPkgs.python3
  else
    hostPkgs.python3.withPackages config.extraPythonPackages;
in
{
  options = {
    globalTimeout = mkOption {
      type = types.int;
      default = 3600;
      example = 600;
      description = "Seconds after which the whole test fails.";
    };
    enableOCR = mkOption {
      type = types.bool;
      default = false;
      description = "Whether the script can read text from screens.";
    };
    extraPythonPackages = mkOption {
      type = types.raw;
      default = _: [ ];
      defaultText = lib.literalExpression "p: [ ]";
      example = lib.literalExpression "p: [ p.numpy ]";
      description = "Python packages for the script, as a function of all of them.";
    };
    extraDriverArgs = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Further arguments of the driver.";
    };
    logLevel = mkOption {
      type = types.enum [ "debug" "info" "warning" "error" ];
      default = "info";
      description = "Lines of the driver below this level are left out.";
    };
    qemu.package = mkOption {
      type = types.package;
      default = hostPkgs.qemu;
      defaultText = lib.literalExpression "hostPkgs.qemu";
      description = "QEMU for the virtual machines.";
    };
    qemu.forceAccel = mkOption {
      type = types.bool;
      default = false;
      description = "Whether the test fails where hardware acceleration is not usable.";
    };
    pythonTestDriverPackage = mkOption {
      type = types.raw;
      default = hostPkgs.firn;
      defaultText = lib.literalExpression "hostPkgs.firn";
      description = "Accepted for other drivers; here the driver is firn itself.";
    };
    sshBackdoor.enable = mkOption {
      type = types.bool;
      default = config.enableDebugHook;
      defaultText = lib.literalExpression "config.enableDebugHook";
      description = "Accepted for other drivers; here `firn test shell` leads into machines.";
    };
    sshBackdoor.vsockOffset = mkOption {
      type = types.ints.between 2 4294967296;
      default = 2;
      description = "Without effect.";
    };
    enableDebugHook = mkOption {
      type = types.bool;
      default = false;
      description = ''
        Whether a script that fails stands still, and `debug.breakpoint()` in it works: a debugger waits in the
        sandbox, and the log says how to reach it. `firn test shell` leads into machines without that.
      '';
    };
    requiredFeatures = mkOption {
      type = types.attrsOf types.bool;
      default = { };
      description = "Features that the building machine must have.";
    };
    driverConfiguration = mkOption {
      type = types.raw;
      internal = true;
      description = "The driver's configuration as a value.";
    };
    driverParts = mkOption {
      type = types.raw;
      internal = true;
      description = "Parts of the driver's configuration that saved boots have as well.";
    };
    driverConfigurationFile = mkOption {
      type = types.raw;
      internal = true;
      description = "The driver's configuration as a file.";
    };
    driver = mkOption {
      type = types.package;
      internal = true;
      description = "The test driver with this test's configuration; building it checks the script.";
    };
    scriptCheck = mkOption {
      type = types.nullOr types.raw;
      internal = true;
      description = "The check of the script, a derivation; null when nothing is checked.";
    };
    usesVms = mkOption {
      type = types.bool;
      internal = true;
      description = "Whether some node is a virtual machine.";
    };
    usesContainers = mkOption {
      type = types.bool;
      internal = true;
      description = "Whether some node is a container.";
    };
  };
  config = {
    usesVms = hasVms || usesCommands;
    usesContainers = lib.length (lib.attrNames virtual) < lib.length (lib.attrNames machines);
    driverConfiguration = {
      inherit (config) name globalTimeout logLevel;
      debugHook = config.enableDebugHook;
      testScript = "${hostPkgs.writeText "test-script" config.testScriptString}";
      python = "${python}/bin/python3";
      nodes = lib.mapAttrs node machines;
      inherit vlans;
      tools =
        lib.optionalAttrs usesCommands {
          qemu = "${config.qemu.package}/bin/qemu-system-x86_64";
          shell = hostPkgs.runtimeShell;
        }
        // lib.optionalAttrs hasVms config.driverParts.machineTools
        // lib.optionalAttrs (uses (machine: machine.virtualisation.tpm.enable)) {
          swtpm = "${hostPkgs.swtpm}/bin/swtpm";
        }
        // lib.optionalAttrs sharesFolders {
          virtiofsd = "${config.qemu.package}/lib/qemu/virtiofsd";
        }
        // lib.optionalAttrs config.enableOCR { tesseract = "${hostPkgs.tesseract}/bin/tesseract"; };
      storeImage = if booting != { } then "${storeImage}" else null;
    }
    // lib.optionalAttrs (hasSaved && namesPaths) { namedImage = "${namedImage}"; };
    driverParts.machineTools = {
      qemu = "${config.qemu.package}/bin/qemu-system-x86_64";
      mkfs = "${hostPkgs.e2fsprogs}/sbin/mkfs.ext4";
      forceAccel = config.qemu.forceAccel;
    };
    driverConfigurationFile = hostPkgs.writeText "driver-configuration-${fileName}.json" (
      builtins.toJSON config.driverConfiguration
    );
    scriptCheck =
      if config.skipTypeCheck && config.skipLint then
        null
      else
        scriptCheck {
          name = fileName;
          inherit python;
          script = config.testScriptString;
          machines = variables ++ lib.optional (lib.length variables == 1 && variables != [ "machine" ]) "machine";
          vlans = map (number: "vlan${toString number}") vlans;
          skipTypes = config.skipTypeCheck;
          skipLint = config.skipLint;
        };
    driver = import ./driver-package.nix { inherit lib config hostPkgs; };
    requiredFeatures = {
      nixos-test = lib.mkDefault true;
      # Containers need users of their own; the program that shares folders confines itself.
      uid-range = lib.mkIf (config.usesContainers || sharesFolders) (lib.mkDefault true);
    };
  };
}
