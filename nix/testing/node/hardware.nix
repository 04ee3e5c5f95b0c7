# `virtualisation.*`: the virtual hardware of a node, with the names that NixOS' module for virtual machines
# gives them.
{
  config,
  options,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  v = config.virtualisation;
  saidOfResolution = if options.virtualisation.resolution.highestPrio < 1500 then [ v.resolution.x v.resolution.y ] else null;
  # What is said of the screen in the test; nothing when only the default holds.
  saidOfScreen = if options.virtualisation.graphics.highestPrio < 1500 then v.graphics else null;
  directory = types.submodule {
    options = {
      source = mkOption {
        type = types.str;
        description = ''
          Folder on the driver's side: a store path, or a folder of the test below `$SHARED_DIR` (one for all
          machines) or `$TMPDIR` (the machine's own).
        '';
      };
      target = mkOption {
        type = types.path;
        description = "Where the machine sees it.";
      };
      securityModel = mkOption {
        type = types.enum [ "passthrough" "mapped-xattr" "mapped-file" "none" ];
        default = "mapped-xattr";
        visible = false;
        description = "Without effect.";
      };
    };
  };
  credential = types.submodule {
    options = {
      text = mkOption {
        type = types.nullOr types.str;
        default = null;
        description = "The credential's text.";
      };
      source = mkOption {
        type = types.nullOr types.path;
        default = null;
        description = "A file that holds it.";
      };
      mechanism = mkOption {
        type = types.enum [ "fw_cfg" "smbios" ];
        default = "smbios";
        visible = false;
        description = "Without effect: systemd takes them by SMBIOS, in containers from a folder.";
      };
    };
  };
  inherit (import ../../modules/option-kinds.nix { inherit lib; }) flag;
  removed = name: text: lib.mkRemovedOptionModule [ "virtualisation" name ] text;
  port = types.submodule {
    options = {
      from = mkOption {
        type = types.enum [ "host" "guest" ];
        default = "host";
        description = "On which side connections come in.";
      };
      proto = mkOption {
        type = types.enum [ "tcp" "udp" ];
        default = "tcp";
        description = "Protocol.";
      };
      host.address = mkOption {
        type = types.str;
        default = "";
        description = "Address on the host.";
      };
      host.port = mkOption {
        type = types.port;
        description = "Port on the host.";
      };
      guest.address = mkOption {
        type = types.str;
        default = "";
        description = "Address in the machine.";
      };
      guest.port = mkOption {
        type = types.port;
        description = "Port in the machine.";
      };
    };
  };
  words =
    description:
    mkOption {
      type = types.attrsOf types.str;
      default = { };
      inherit description;
    };
  driveConfig.options = {
    name = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "Serial number of the drive, unless `deviceExtraOpts` gives one.";
    };
    driveExtraOpts = words "Further options of `-drive`.";
    deviceExtraOpts = words "Further options of `-device`.";
  };
  drive = types.submodule {
    imports = [ driveConfig ];
    options.file = mkOption {
      type = types.str;
      description = "File on the host.";
    };
  };
  emptyImage = types.submodule {
    options = {
      size = mkOption {
        type = types.ints.positive;
        description = "MiB.";
      };
      driveConfig = mkOption {
        type = types.submodule driveConfig;
        default = { };
        description = "Further options of the drive.";
      };
    };
  };
  namesLoader = config.boot.loader.systemd-boot.enable && config.boot.loader.efi.canTouchEfiVariables;
  emptyDisk =
    { size, driveConfig }:
    {
      inherit size;
      serial = driveConfig.deviceExtraOpts.serial or null;
      driveOptions = driveConfig.driveExtraOpts;
      deviceOptions = removeAttrs driveConfig.deviceExtraOpts [ "serial" ];
    };
  driveOptions = index: d: [
    "-drive"
    "file=${d.file},id=extra${toString index},if=none${
      lib.concatStrings (lib.mapAttrsToList (name: value: ",${name}=${value}") d.driveExtraOpts)
    }"
    "-device"
    "virtio-blk-pci,drive=extra${toString index}${lib.optionalString (d.name != null && !(d.deviceExtraOpts ? serial)) ",serial=${d.name}"}${
      lib.concatStrings (lib.mapAttrsToList (name: value: ",${name}=${value}") d.deviceExtraOpts)
    }"
  ];
in
{
  options.virtualisation = {
    memorySize = mkOption {
      type = types.ints.positive;
      default = 1024;
      description = "Memory in MiB.";
    };
    msize = mkOption {
      type = types.ints.positive;
      default = 16384;
      description = "Bytes of the longest message, where QEMU serves folders by 9p.";
    };
    cores = mkOption {
      type = types.ints.positive;
      default = 1;
      description = "Number of processors.";
    };
    diskSize = mkOption {
      type = types.either (types.enum [ "auto" ]) types.ints.positive;
      default = 1024;
      description = "Size of the root disk in MiB.";
    };
    diskImage = mkOption {
      type = types.nullOr types.str;
      default = "./${config.system.name}.qcow2";
      defaultText = lib.literalExpression ''"./''${config.system.name}.qcow2"'';
      description = "The root disk; null puts the root into memory. The file's name has no effect in tests.";
    };
    emptyDiskImages = mkOption {
      type = types.listOf (types.coercedTo types.ints.positive (size: { inherit size; }) emptyImage);
      default = [ ];
      example = [ 512 512 ];
      description = "Sizes in MiB of further, empty disks, or `size` with `driveConfig`.";
    };
    graphics = flag true ''
      Whether the machine has a screen. When nothing is said it has one if the test's script looks at the
      screen or presses keys.
    '';
    resolution = mkOption {
      type = types.attrsOf types.ints.positive;
      default = {
        x = 1024;
        y = 768;
      };
      description = "Resolution that the screen announces, once this is set.";
    };
    sharedDirectories = mkOption {
      type = types.attrsOf directory;
      default = { };
      example = lib.literalExpression ''{ data = { source = "''${./data}"; target = "/mnt/data"; }; }'';
      description = "Folders of the driver's side which the machine sees.";
    };
    additionalPaths = mkOption {
      type = types.listOf types.path;
      default = [ ];
      description = "Store paths which the machine has beside its system.";
    };
    forwardPorts = mkOption {
      type = types.listOf port;
      default = [ ];
      description = "Ports of the host that lead into the machine.";
    };
    restrictNetwork = flag false "Whether the machine has no network but the virtual LANs.";
    writableStore = flag true "Whether `/nix/store` can be written to.";
    writableStoreUseTmpfs = flag true "Whether what is written to the store is kept in memory.";
    useNixStoreImage = flag true "Whether the store is an image; here it always is, on a disk of its own.";
    mountHostNixStore = flag false ''
      Whether the machine sees the store of the driver's side, as a shared folder; else it has an image of what the
      test's machines need. In a test that side is a build, whose store is what the test names.
    '';
    useBootLoader = flag false "Whether the machine boots by its own boot loader.";
    installBootLoader = flag v.useBootLoader "Whether the boot loader is installed on the disk.";
    directBoot = {
      enable = flag (!v.useBootLoader) ''
        Whether QEMU starts the kernel, without a boot loader. Where it does not, and there is no boot loader,
        the firmware starts what it finds: in the network, or on drives that `virtualisation.qemu` adds.
      '';
      initrd = mkOption {
        type = types.str;
        default = "${config.system.build.initialRamdisk}/initrd";
        defaultText = lib.literalExpression ''"''${config.system.build.initialRamdisk}/initrd"'';
        description = "The initial file system that QEMU starts the kernel with.";
      };
    };
    useEFIBoot = flag false "Whether the firmware is UEFI.";
    useBIOSBoot = flag false "Whether the boot loader is for BIOS, as it is unless `useEFIBoot` is set.";
    bios = mkOption {
      type = types.nullOr types.package;
      default = null;
      description = "Another BIOS than QEMU's: a folder with a file `bios.bin`.";
    };
    nixStore9pCache = mkOption {
      type = types.enum [ "loose" "none" "fscache" ];
      default = "loose";
      description = "What the machine keeps in memory of a store that it sees by `mountHostNixStore`.";
    };
    useSecureBoot = flag false ''
      Whether the firmware checks signatures, once keys are enrolled. It begins in setup mode, without keys;
      `virtualisation.efi.OVMF` chooses a firmware with keys.
    '';
    efi = {
      keepVariables = flag v.useBootLoader ''
        Whether the firmware's variables are those of the disk image, with an entry for the boot loader that was
        installed there (`boot.loader.efi.canTouchEfiVariables`), and not as the firmware is delivered. What the
        machine writes to them is there after restarts either way.
      '';
      OVMF = mkOption {
        type = types.package;
        default = (pkgs.OVMF.override { secureBoot = v.useSecureBoot; }).fd;
        defaultText = lib.literalExpression "(pkgs.OVMF.override { secureBoot = virtualisation.useSecureBoot; }).fd";
        description = "The UEFI firmware.";
      };
      firmware = mkOption {
        type = types.path;
        default = v.efi.OVMF.firmware;
        defaultText = lib.literalExpression "virtualisation.efi.OVMF.firmware";
        description = "The firmware's code.";
      };
      variables = mkOption {
        type = types.path;
        default = v.efi.OVMF.variables;
        defaultText = lib.literalExpression "virtualisation.efi.OVMF.variables";
        description = "The firmware's variables at first.";
      };
    };
    tpm = {
      enable = flag false "Whether the machine has a TPM.";
      deviceModel = mkOption {
        type = types.str;
        default = "tpm-tis";
        description = "QEMU's name of the TPM's device.";
      };
      package = mkOption {
        type = types.raw;
        default = null;
        visible = false;
        description = "Without effect: the test's own swtpm is used.";
      };
      provisioning = mkOption {
        type = types.nullOr types.str;
        default = null;
        description = "Shell commands for the TPM before the machine starts; not there yet.";
      };
    };
    useDefaultFilesystems = flag true "Whether file systems are those of a test machine.";
    rootDevice = mkOption {
      type = types.nullOr types.str;
      default = "/dev/disk/by-label/nixos";
      description = "The root disk in the machine.";
    };
    bootPartition = mkOption {
      type = types.nullOr types.str;
      default = if v.useBootLoader && v.useEFIBoot then "/dev/disk/by-label/ESP" else null;
      defaultText = lib.literalExpression ''if virtualisation.useEFIBoot then "/dev/disk/by-label/ESP" else null'';
      description = "The boot partition in the machine.";
    };
    bootLoaderDevice = mkOption {
      type = types.path;
      default = "/dev/disk/by-id/virtio-root";
      description = "The disk in the machine on which a boot loader for BIOS is installed.";
    };
    fileSystems = mkOption {
      type = options.fileSystems.type;
      default = { };
      description = "File systems of a test machine: what is said here joins what the test framework declares.";
    };
    useHostCerts = flag false "Whether the host's certificates are trusted.";
    host.pkgs = mkOption {
      type = types.raw;
      default = pkgs;
      defaultText = lib.literalExpression "pkgs";
      description = "Packages of the host.";
    };
    credentials = mkOption {
      type = types.attrsOf credential;
      default = { };
      example = { password.text = "secret"; };
      description = "Credentials of the machine's systemd, each with `text` or `source`.";
    };
    qemu = {
      package = mkOption {
        type = types.package;
        default = v.host.pkgs.qemu_test;
        defaultText = lib.literalExpression "virtualisation.host.pkgs.qemu_test";
        description = "QEMU for this machine, where it is set; else the test's `qemu.package`.";
      };
      forceAccel = flag false "Whether the machine fails where hardware acceleration is not usable.";
      options = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "-device virtio-gpu-pci" ];
        description = "Further options of QEMU, each as a shell would read it.";
      };
      networkingOptions = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = ''
          Further options of QEMU for networks. With `lib.mkForce` they stand for the network to the host as well.
        '';
      };
      consoles = mkOption {
        type = types.listOf types.str;
        default = [ "tty0" "ttyS0,115200n8" ];
        description = "Consoles of the kernel; the last one is `/dev/console`.";
      };
      drives = mkOption {
        type = types.listOf drive;
        default = [ ];
        description = "Further drives.";
      };
      diskInterface = mkOption {
        type = types.enum [ "virtio" "scsi" "ide" ];
        default = "virtio";
        description = "How disks are attached.";
      };
      guestAgent.enable = flag false "Whether QEMU's guest agent runs (`services.qemuGuest`), and answers at `qga.sock` in the machine's folder.";
      virtioKeyboard = flag true "Whether there is a virtio keyboard.";
      enableSharedMemory = flag false "Whether other processes can reach the machine's memory.";
    };
    hardware = mkOption {
      type = types.raw;
      internal = true;
      readOnly = true;
      description = "The virtual hardware as the driver wants it.";
    };
  };

  imports = [
    (lib.mkRenamedOptionModule [ "virtualisation" "pathsInNixDB" ] [ "virtualisation" "additionalPaths" ])
    (removed "bootDevice" "Use `virtualisation.rootDevice` for the root; see also `bootLoaderDevice` and `bootPartition`.")
    (removed "efiVars" "Use `virtualisation.efi.variables` for the firmware's variables at first.")
    (removed "persistBootDevice" "The boot loader's partition is on the root disk, which is kept.")
  ];

  config.assertions = [
    {
      assertion = v.tpm.provisioning == null;
      message = "virtualisation.tpm.provisioning: commands that run before the machine starts are not supported; let the machine's first boot run them.";
    }
    {
      assertion = !(v.useBIOSBoot && v.useEFIBoot);
      message = "virtualisation.useBIOSBoot and virtualisation.useEFIBoot are both set; a machine has one firmware.";
    }
    {
      assertion = !v.useBootLoader || v.useEFIBoot || v.directBoot.enable || config.boot.loader.grub.enable;
      message = "virtualisation.useBootLoader: BIOS starts GRUB, and boot.loader.grub.enable is false; for systemd-boot set virtualisation.useEFIBoot.";
    }
    {
      assertion = v.directBoot.enable || options.virtualisation.directBoot.initrd.highestPrio >= 1500;
      message = "virtualisation.directBoot.initrd is set, but nothing uses it: set virtualisation.directBoot.enable.";
    }
  ]
  ++ map (p: {
    assertion = p.from == "host" || p.proto == "tcp" && lib.hasPrefix "10.0.2." p.guest.address;
    message = "virtualisation.forwardPorts: what comes from the guest must be TCP to an address in 10.0.2.0/24, not ${p.proto} to '${p.guest.address}'.";
  }) v.forwardPorts;

  config.warnings = lib.optional (v.directBoot.enable && v.useBootLoader) (
    "virtualisation.useBootLoader has no effect, because virtualisation.directBoot.enable starts the kernel"
  );

  config.virtualisation.hardware = {
    inherit (v)
      memorySize
      cores
      restrictNetwork
      ;
    qemu =
      if options.virtualisation.qemu.package.highestPrio < 1500 then
        "${v.qemu.package}/bin/qemu-system-x86_64"
      else
        null;
    inherit (v.qemu) forceAccel;
    sharedMemory = v.qemu.enableSharedMemory;
    # What the configuration forces stands for all, also for the network to the host.
    userNet = options.virtualisation.qemu.networkingOptions.highestPrio >= 100;
    directBoot = v.directBoot.enable;
    initrd = if options.virtualisation.directBoot.initrd.highestPrio < 1500 then v.directBoot.initrd else null;
    graphics = saidOfScreen;
    resolution = saidOfResolution;
    tpm = if v.tpm.enable then v.tpm.deviceModel else null;
    diskSize = if v.diskImage == null then 0 else if v.diskSize == "auto" then 1024 else v.diskSize;
    emptyDisks = map emptyDisk v.emptyDiskImages;
    inherit (v.qemu) diskInterface;
    firmware =
      if v.useEFIBoot then
        {
          code = "${v.efi.firmware}";
          variables = "${v.efi.variables}";
          protected = v.efi.OVMF.systemManagementModeRequired or false;
          bootEntry =
            if v.efi.keepVariables && v.installBootLoader && namesLoader then
              {
                title = "Linux Boot Manager";
                file = "\\EFI\\systemd\\systemd-bootx64.efi";
              }
            else
              null;
        }
      else
        null;
    bootLoader =
      if v.useBootLoader then
        {
          partition = if v.useEFIBoot then "${config.system.build.espImage}" else null;
          grub = if v.useEFIBoot then null else config.system.build.grubImages;
          rootFiles = if v.useEFIBoot then null else "${config.system.build.bootFolder}";
          rootLinks = lib.optionalAttrs v.installBootLoader {
            "/nix/var/nix/profiles/system" = "system-1-link";
            "/nix/var/nix/profiles/system-1-link" = "${config.system.build.toplevel}";
          };
        }
      else
        null;
    qemuOptions =
      # Where QEMU serves all folders the script that starts it says so.
      lib.optional (v.mountHostNixStore && v.sharesBy == "virtiofs") "-virtfs local,path=${builtins.storeDir},mount_tag=nix-store,security_model=none,multidevs=remap,readonly=on"
      ++ v.qemu.options ++ v.qemu.networkingOptions ++ lib.optional (v.bios != null) "-bios ${v.bios}/bios.bin"
      ++ lib.concatLists (lib.imap0 driveOptions v.qemu.drives)
      ++ lib.optionals v.qemu.guestAgent.enable [
        "-chardev socket,id=qga,path=$TMPDIR/qga.sock,server=on,wait=off"
        "-device virtserialport,chardev=qga,name=org.qemu.guest_agent.0"
      ];
    kernelParams = map (name: "console=${name}") v.qemu.consoles;
    forwardPorts = map (p: {
      inherit (p) proto;
      hostPort = p.host.port;
      guestPort = p.guest.port;
      hostAddress = p.host.address;
      guestAddress = p.guest.address;
      fromGuest = p.from == "guest";
    }) v.forwardPorts;
  };
}
