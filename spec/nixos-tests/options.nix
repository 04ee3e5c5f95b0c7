# What each option of tests means, as far as evaluation shows it: names of cases that do not hold. Must be empty.
{
  pkgs ? import <nixpkgs> { },
}:
let
  inherit (pkgs) lib;
  inherit (pkgs.testers) runNixOSTest nixosTest;
  base = {
    name = "options";
    nodes.machine = { };
    testScript = "";
  };
  test = changes: runNixOSTest { imports = [ base changes ]; };
  driver = changes: (test changes).config.driverConfiguration;
  argumentOf = t: name: t.drvAttrs.${name} or t.${name};
  machineOf = changes: (test changes).nodes.machine;
  vm = changes: machineOf { nodes.machine = changes // { virtualisation = { backend = "vm"; } // changes.virtualisation or { }; }; };
  hardware = changes: (vm { virtualisation = changes; }).virtualisation.hardware;
  fails = value: !(builtins.tryEval (builtins.deepSeq value value)).success;
  refused = changes: fails (vm changes).system.build.toplevel.drvPath;

  cases = {
    # The test.
    name = (test { name = lib.mkForce "has spaces, and a comma"; }).name == "vm-test-run-has-spaces-and-a-comma";
    machinesAreRead =
      (test ({ config, ... }: {
        name = lib.mkForce "${config.nodes.machine.networking.hostName}-reads";
        testScript = lib.mkForce "# ${config.nodes.machine.networking.hostName}";
      })).name == "vm-test-run-machine-reads";
    globalTimeout = (driver { globalTimeout = 7; }).globalTimeout == 7 && (driver { }).globalTimeout == 3600;
    logLevel = (driver { logLevel = "warning"; }).logLevel == "warning";
    enableOCR = (driver { enableOCR = true; }).tools ? tesseract && !((driver { }).tools ? tesseract);
    enableDebugHook = (driver { enableDebugHook = true; }).debugHook && !(driver { }).debugHook;
    sshBackdoor =
      (test { enableDebugHook = true; }).config.sshBackdoor.enable && !(test { }).config.sshBackdoor.enable;
    extraPythonPackages =
      (driver { extraPythonPackages = p: [ p.numpy ]; }).python != (driver { }).python;
    extraDriverArgs =
      (test { extraDriverArgs = [ "--log-level" "debug" ]; }).driver.drvPath != (test { }).driver.drvPath
      && (test { extraDriverArgs = [ "--log-level" "debug" ]; }).drvPath == (test { }).drvPath;
    skipTypeCheck =
      (test {
        skipTypeCheck = true;
        skipLint = true;
      }).config.scriptCheck == null
      && (test { skipTypeCheck = true; }).config.scriptCheck != (test { }).config.scriptCheck;
    skipLint = (test { skipLint = true; }).config.scriptCheck != (test { }).config.scriptCheck;
    meta =
      (test { meta.timeout = 12; }).meta.timeout == 12
      && (test { }).meta.timeout == 3600
      && !((test { meta.timeout = null; }).meta ? timeout)
      && (test { meta.broken = true; }).meta.broken;
    passthru = (test { passthru.said = 3; }).said == 3;
    requiredFeatures =
      lib.elem "cuda" (test { requiredFeatures.cuda = true; }).requiredSystemFeatures
      && lib.elem "nixos-test" (test { }).requiredSystemFeatures
      && !(lib.elem "uid-range" (test { backend = "vm"; }).requiredSystemFeatures)
      && !(lib.elem "nixos-test" (test { requiredFeatures.nixos-test = false; }).requiredSystemFeatures);
    qemu =
      let
        own = driver {
          backend = "vm";
          qemu.package = pkgs.hello;
          qemu.forceAccel = true;
        };
      in
      lib.hasPrefix "${pkgs.hello}/" own.tools.qemu && own.tools.forceAccel;
    testScript =
      (driver { testScript = lib.mkForce ({ nodes }: "# ${nodes.machine.networking.hostName}"); }).testScript
      != (driver { }).testScript;
    testScriptOfContainers =
      (test { testScript = lib.mkForce ({ containers, ... }: "# ${toString (lib.attrNames containers)}"); })
      .config.testScriptString == "# ";
    interactive =
      let
        t = test {
          interactive.nodes.machine.networking.hostName = "by-hand";
          interactive.globalTimeout = 9;
        };
      in
      t.config.interactive.allMachines.machine.networking.hostName == "by-hand"
      && t.config.interactive.globalTimeout == 9
      && t.nodes.machine.networking.hostName == "machine"
      && t ? driverInteractive
      && t.config.interactive.extraDriverArgs == [ "--interactive" ];
    extend =
      ((test { }).extend { modules = [ { globalTimeout = 5; } ]; }).config.globalTimeout == 5;
    extendNixOS =
      ((test { }).extendNixOS { module.networking.domain = "example.org"; }).nodes.machine.networking.domain
      == "example.org";
    overrideTestDerivation =
      ((test { }).overrideTestDerivation (old: { changed = "${old.name}!"; })).drvPath != (test { }).drvPath;
    rawTestDerivation = (test { }).config.rawTestDerivation.drvPath == (test { }).drvPath;
    driverKnowsNodes = (test { }).driver.nodes ? machine;
    pythonTestDriverPackage = (test { pythonTestDriverPackage = pkgs.hello; }).drvPath == (test { }).drvPath;

    # The nodes.
    defaults = (machineOf { defaults.networking.domain = "a.b"; }).networking.domain == "a.b";
    nodeDefaults =
      let
        t = test {
          containers.box = { };
          nodeDefaults.networking.domain = "n";
          containerDefaults.networking.domain = "c";
        };
      in
      t.nodes.machine.networking.domain == "n" && t.containers.box.networking.domain == "c";
    extraBaseModules =
      let
        m = machineOf {
          nodes.machine.specialisation.other = {
            inheritParentConfig = false;
            configuration = { };
          };
          extraBaseModules.networking.domain = "kept";
          defaults.networking.search = [ "lost" ];
        };
      in
      m.specialisation.other.configuration.networking.domain == "kept";
    extraBaseNodeModules =
      (machineOf { extraBaseNodeModules.networking.domain = "n"; }).networking.domain == "n"
      && (test {
        containers.box = { };
        extraBaseNodeModules.networking.domain = "n";
      }).containers.box.networking.domain == null;
    specialArgs =
      (machineOf {
        node.specialArgs.word = "said";
        nodes.machine = { word, ... }: { networking.domain = word; };
      }).networking.domain == "said";
    nodePkgs =
      (machineOf {
        node.pkgs = lib.mkForce (pkgs.extend (_: _: { own = "own"; }));
        nodes.machine = { pkgs, ... }: { networking.domain = pkgs.own; };
      }).networking.domain == "own";
    nodesKnowEachOther =
      (machineOf {
        nodes.other.networking.domain = "seen";
        nodes.machine = { nodes, ... }: { networking.domain = nodes.other.networking.domain; };
      }).networking.domain == "seen";
    olderSingleMachine =
      (nixosTest {
        machine = { };
        testScript = "";
      }).nodes ? machine
      && (runNixOSTest {
        name = "older";
        machine = { };
        testScript = "";
      }).nodes ? machine;
    inBoth = fails (test { containers.machine = { }; }).drvPath;
    numbers =
      let
        t = test {
          nodes.a = { };
          containers.b = { };
        };
      in
      map (m: m.virtualisation.test.nodeNumber) (lib.attrValues t.config.allMachines) == [ 1 2 3 ];

    # Virtual hardware.
    memory = (hardware { memorySize = 77; cores = 3; }).memorySize == 77;
    disks =
      let
        disks =
          (hardware {
            emptyDiskImages = [
              5
              {
                size = 6;
                driveConfig.deviceExtraOpts.serial = "six";
              }
            ];
          }).emptyDisks;
      in
      map (d: d.size) disks == [ 5 6 ] && map (d: d.serial) disks == [ null "six" ];
    emptyDisksAsTheReferenceHasThem =
      (lib.head (vm { virtualisation.emptyDiskImages = [ 5 ]; }).virtualisation.emptyDiskImages).size == 5;
    noDisk = (hardware { diskImage = null; }).diskSize == 0;
    ownQemu = (hardware { qemu.package = pkgs.hello; }).qemu == "${pkgs.hello}/bin/qemu-system-x86_64" && (hardware { }).qemu == null;
    forceAccel = (hardware { qemu.forceAccel = true; }).forceAccel;
    sharedMemory = (hardware { qemu.enableSharedMemory = true; }).sharedMemory;
    bios = lib.elem "-bios ${pkgs.hello}/bios.bin" (hardware { bios = pkgs.hello; }).qemuOptions;
    forcedNetwork =
      !(hardware { qemu.networkingOptions = lib.mkForce [ "-nic none" ]; }).userNet
      && (hardware { qemu.networkingOptions = [ "-nic none" ]; }).userNet;
    directBoot =
      !(hardware { directBoot.enable = false; }).directBoot
      && (hardware { directBoot.initrd = "/some/initrd"; }).initrd == "/some/initrd"
      && refused { virtualisation.directBoot = { enable = false; initrd = "/some/initrd"; }; };
    firmware =
      let
        plain = (hardware { useEFIBoot = true; }).firmware;
        secure = (hardware { useEFIBoot = true; useSecureBoot = true; }).firmware;
      in
      !plain.protected && secure.protected && lib.hasInfix "secboot" secure.code && (hardware { }).firmware == null;
    bootEntry =
      let
        of = keep: can:
          (vm {
            virtualisation = {
              useBootLoader = true;
              useEFIBoot = true;
              efi.keepVariables = lib.mkIf (keep != null) keep;
            };
            boot.loader.systemd-boot.enable = true;
            boot.loader.efi.canTouchEfiVariables = can;
          }).virtualisation.hardware.firmware.bootEntry;
      in
      of null true != null && of false true == null && of null false == null;
    whereTheBootPartitionIs =
      (vm {
        virtualisation = {
          useBootLoader = true;
          useEFIBoot = true;
        };
        boot.loader.systemd-boot.enable = true;
        boot.loader.efi.efiSysMountPoint = "/efi";
      }).fileSystems ? "/efi";
    # QEMU serves the store, and the test needs no image of it.
    mountHostNixStore =
      let
        t = {
          backend = "vm";
          nodes.machine.virtualisation.mountHostNixStore = true;
          nodes.machine.virtualisation.nixStore9pCache = "none";
        };
        machine = (test t).nodes.machine;
      in
      (driver t).storeImage == null
      && (driver t).nodes.machine.sharedDirectories == [ ]
      && lib.any (lib.hasInfix "mount_tag=nix-store") (driver t).nodes.machine.vm.qemuOptions
      && lib.elem "cache=none" machine.fileSystems."/nix/.ro-store".options
      && (driver { backend = "vm"; }).storeImage != null;
    assertions = fails (test { assertions = [ { assertion = false; message = "no"; } ]; }).drvPath;
    rawTestDerivationArg =
      argumentOf (test {
        rawTestDerivationArg = lib.mkForce (final: (test { }).config.rawTestDerivationArg final // { said = "1"; });
      }) "said" == "1";
    # What the machine itself boots by is not asked for.
    buildVm =
      let
        machine =
          module:
          (import (pkgs.path + "/nixos/lib/eval-config.nix") {
            system = "x86_64-linux";
            modules = [
              {
                fileSystems."/".device = "/dev/disk/by-label/own";
                boot.loader.grub.device = "/dev/sda";
                networking.hostName = "some-host";
              }
              module
            ];
          }).config;
        vm = module: (machine module).virtualisation.vmVariant;
        scripted = vm { imports = [ (pkgs.path + "/nixos/modules/virtualisation/qemu-vm.nix") ]; };
      in
      (machine { }).system.build.vm.meta.mainProgram == "run-some-host-vm"
      && (vm { }).fileSystems."/".device == "/dev/disk/by-label/nixos"
      && (vm { }).fileSystems."/nix/.ro-store".fsType == "9p"
      && (vm { virtualisation.vmVariant.virtualisation.useNixStoreImage = true; }).fileSystems."/nix/.ro-store".fsType == "erofs"
      && scripted.virtualisation.mountHostNixStore
      && lib.isString (machine { }).system.build.vmWithBootLoader.drvPath
      && lib.isString (machine {
        boot.loader.grub.enable = false;
        boot.loader.systemd-boot.enable = true;
      }).system.build.vmWithBootLoader.drvPath;
    biosBootLoader =
      let
        started = changes: (driver { backend = "vm"; nodes.machine.virtualisation = { useBootLoader = true; } // changes; }).nodes.machine.vm.bootLoader;
        grub = (vm { virtualisation = { useBootLoader = true; useBIOSBoot = true; }; }).boot.loader.grub;
      in
      grub.enable
      && !grub.efiSupport
      && grub.devices == [ (vm { }).virtualisation.bootLoaderDevice ]
      && (started { }).grub != null
      && (started { }).partition == null
      && (started { useEFIBoot = true; }).grub == null
      && (started { useEFIBoot = true; }).partition != null;
    # A root that is said for virtual machines comes before the machine's own.
    rootWithoutDefaults =
      let
        root = changes: (vm {
          virtualisation = { useDefaultFilesystems = false; } // changes;
          fileSystems."/".device = "/dev/own";
        }).fileSystems."/".device;
      in
      root { } == "/dev/own" && root { fileSystems."/".device = "/dev/said"; } == "/dev/said";
    perlless =
      let
        has = changes: lib.any (lib.hasInfix "-perl-base-") (map toString (vm changes).system.build.usr.paths);
      in
      has { } && !has { imports = [ (pkgs.path + "/nixos/modules/profiles/perlless.nix") ]; };
    tpmProvisioning = refused { virtualisation.tpm = { enable = true; provisioning = "true"; }; };
    olderNames =
      (vm { virtualisation.pathsInNixDB = [ pkgs.hello ]; }).virtualisation.additionalPaths == [ pkgs.hello ]
      && refused { virtualisation.bootDevice = "/dev/vda"; };
    guestForwards = refused {
      virtualisation.forwardPorts = [
        {
          from = "guest";
          guest.address = "192.168.1.1";
          guest.port = 80;
          host.port = 80;
        }
      ];
    };
    reasons = map (changes: (machineOf changes).virtualisation.backend) [
      { }
      { nodes.machine.virtualisation.emptyDiskImages = [ 5 ]; }
      { nodes.machine.services.xserver.enable = true; }
      { nodes.machine.services.nfs.server.enable = true; }
      { nodes.machine.networking.vlans.office = { id = 5; interface = "eth1"; }; }
      { testScript = lib.mkForce "machine.screenshot('a')"; }
      { testScript = lib.mkForce "machine.get_console_log()"; }
      { testScript = lib.mkForce "machine.succeed('curl 10.0.2.2')"; }
    ] == [ "container" "vm" "vm" "vm" "vm" "vm" "vm" "vm" ];
    # What a TPM is used with is there where the machine has one.
    tpmLibraries =
      (vm { virtualisation.tpm.enable = true; }).boot.initrd.systemd.tpm2.enable
      && !(vm { }).boot.initrd.systemd.tpm2.enable;
  };
in
lib.attrNames (lib.filterAttrs (_: holds: !holds) cases)
