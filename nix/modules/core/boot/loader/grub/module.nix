# GRUB, the loader of machines with BIOS, and of others that want it. The program of the activation makes the menu and
# runs `grub-install`.
{
  config,
  options,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkIf;
  loader = config.boot.loader;
  cfg = loader.grub;
  grub = pkgs.grub2;
  text = value: if value == null then "" else toString value;
  # NixOS' own name of a firmware's entry.
  identifier = boot: lib.replaceStrings [ "/" ] [ "-" ] "${config.system.nixos.distroName}${mountPoint boot}";
  mountPoint = boot: if boot.efiSysMountPoint == null then boot.path else boot.efiSysMountPoint;
  isPf2 = font: lib.last (lib.splitString "." (toString font)) == "pf2";
  font =
    if cfg.font == null || isPf2 cfg.font then
      cfg.font
    else
      pkgs.runCommand "grub-font.pf2" { } ''
        ${grub}/bin/grub-mkfont ${cfg.font} --output $out ${lib.optionalString (cfg.fontSize != null) "--size ${toString cfg.fontSize}"}
      '';
  memtest = "memtest86.bin";
  disks = lib.concatMap (boot: lib.filter (disk: disk != "nodev") boot.devices) cfg.mirroredBoots;
  absolute = option: path: {
    assertion = path == null || lib.hasPrefix "/" path;
    message = "boot.loader.grub.${option}: '${toString path}' is no absolute path.";
  };
in
{
  options.boot.loader.grub = import ./options.nix { inherit config options lib pkgs; };

  config = lib.mkMerge [
    {
      # Whether GRUB is wanted may follow from these.
      boot.loader.grub.devices = mkIf (cfg.device != "") [ cfg.device ];
      boot.loader.grub.mirroredBoots = mkIf (cfg.devices != [ ]) [
        {
          path = "/boot";
          inherit (cfg) devices;
          inherit (loader.efi) efiSysMountPoint;
        }
      ];
    }
    (mkIf cfg.enable {
      system.boot.loader.id = "grub";
      system.build.grub = grub;
      environment.systemPackages = [ grub ];
      boot.loader.grub = mkIf cfg.memtest86.enable {
        extraFiles.${memtest} = "${pkgs.memtest86plus}/boot/memtest86+x64.bin";
        extraEntries = ''
          menuentry "Memtest86+" {
            linux @bootRoot@/${memtest} ${toString cfg.memtest86.params}
          }
        '';
      };
      system.activationPlan.bootLoader = {
        kind = "grub";
        inherit (cfg) configurationLimit;
        extraCommands = cfg.extraInstallCommands;
        grub = {
          inherit (cfg)
            backgroundColor
            copyKernels
            default
            extraConfig
            extraEntries
            extraEntriesBeforeNixOS
            extraPerEntryConfig
            extraPrepareConfig
            fsIdentifier
            gfxmodeBios
            gfxmodeEfi
            gfxpayloadBios
            gfxpayloadEfi
            splashMode
            storePath
            timeoutStyle
            users
            ;
          entryOptions = text cfg.entryOptions;
          subEntryOptions = text cfg.subEntryOptions;
          splashImage = if cfg.splashImage == null then null else "${cfg.splashImage}";
          theme = if cfg.theme == null then null else "${cfg.theme}";
          font = if font == null then null else "${font}";
          extraFiles = lib.mapAttrs (_: file: "${file}") cfg.extraFiles;
          boots = map (boot: {
            inherit (boot) path devices;
            efi = mountPoint boot;
            identifier = if boot.efiBootloaderId == null then identifier boot else boot.efiBootloaderId;
          }) cfg.mirroredBoots;
          # Nothing is installed for BIOS where no disk is named for it.
          bios = cfg.devices != [ "nodev" ];
          efi = cfg.efiSupport;
          removable = cfg.efiInstallAsRemovable;
          variables = loader.efi.canTouchEfiVariables;
          force = cfg.forceInstall;
          cryptodisk = cfg.enableCryptodisk;
          arguments = cfg.extraGrubInstallArgs;
          package = "${grub}";
          version = grub.version;
          programs = lib.makeBinPath [
            pkgs.coreutils
            pkgs.gnused
            pkgs.gnugrep
            pkgs.findutils
            pkgs.diffutils
            pkgs.util-linux
          ];
        };
      };
      warnings = lib.optional cfg.useOSProber "boot.loader.grub.useOSProber has no effect: base has no os-prober. Write other systems as boot.loader.grub.extraEntries.";
      assertions = [
        {
          assertion = !config.boot.isContainer;
          message = "boot.loader.grub.enable: a container has no boot loader.";
        }
        {
          assertion = cfg.mirroredBoots != [ ];
          message = "boot.loader.grub.devices: GRUB needs a disk, such as boot.loader.grub.device = \"/dev/sda\" (or \"nodev\" with boot.loader.grub.efiSupport); or set boot.loader.grub.mirroredBoots.";
        }
        {
          assertion = cfg.efiSupport || lib.allUnique disks;
          message = "boot.loader.grub.mirroredBoots: a disk is named twice (${lib.concatStringsSep ", " disks}), but starts from one folder.";
        }
        {
          assertion = cfg.efiInstallAsRemovable -> cfg.efiSupport;
          message = "boot.loader.grub.efiInstallAsRemovable: set boot.loader.grub.efiSupport as well.";
        }
        {
          assertion = cfg.efiInstallAsRemovable -> !loader.efi.canTouchEfiVariables;
          message = "boot.loader.grub.efiInstallAsRemovable: set boot.loader.efi.canTouchEfiVariables = false; where firmware looks by default, no entry is needed.";
        }
        {
          assertion = !cfg.zfsSupport;
          message = "boot.loader.grub.zfsSupport: Debian's main has no ZFS.";
        }
        {
          assertion = !cfg.forcei686;
          message = "boot.loader.grub.forcei686: base has GRUB for BIOS and for 64-bit UEFI.";
        }
      ]
      ++ lib.concatMap (
        boot:
        [
          {
            assertion = boot.devices != [ ];
            message = "boot.loader.grub.mirroredBoots: '${boot.path}' has no devices; write [ \"nodev\" ] for none.";
          }
          (absolute "mirroredBoots.*.path" boot.path)
          (absolute "mirroredBoots.*.efiSysMountPoint" boot.efiSysMountPoint)
        ]
        ++ map (absolute "devices") (lib.filter (disk: disk != "nodev") boot.devices)
      ) cfg.mirroredBoots;
    })
  ];

  imports = [
    (lib.mkRemovedOptionModule [ "boot" "loader" "grub" "bootDevice" ] "GRUB finds the boot folder's device itself.")
    (lib.mkRemovedOptionModule [ "boot" "loader" "grub" "trustedBoot" ] "TrustedGRUB is no longer developed.")
    (lib.mkRemovedOptionModule [ "boot" "loader" "grub" "extraInitrd" ] "Use boot.initrd.secrets.")
  ];
}
