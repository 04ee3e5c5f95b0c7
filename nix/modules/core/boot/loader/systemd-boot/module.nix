# systemd-boot, the loader of machines with UEFI. The program of the activation installs it.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption mkIf types;
  loader = config.boot.loader;
  cfg = loader.systemd-boot;
  inherit (import ../../../../option-kinds.nix { inherit lib; }) flag;
  systemd = config.systemd.package;
  sortKey =
    default:
    mkOption {
      type = types.str;
      inherit default;
      description = "Place in the menu, which is sorted by these keys: what begins with `o` or a later letter comes after NixOS' entries.";
    };
  shell = "efi/edk2-uefi-shell/shell.efi";
  windows = lib.attrValues cfg.windows;
  entry = lib.concatMapStrings (line: line + "\n");
  # Programs for the menu, with their files.
  programs =
    lib.optional cfg.memtest86.enable {
      entry = "memtest86.conf";
      text = entry [ "title Memtest86+" "efi /efi/memtest86/memtest.efi" "sort-key ${cfg.memtest86.sortKey}" ];
      files."efi/memtest86/memtest.efi" = pkgs.memtest86plus.efi;
    }
    ++ lib.optional cfg.netbootxyz.enable {
      entry = "netbootxyz.conf";
      text = entry [ "title netboot.xyz" "efi /efi/netbootxyz/netboot.xyz.efi" "sort-key ${cfg.netbootxyz.sortKey}" ];
      files."efi/netbootxyz/netboot.xyz.efi" = pkgs.netbootxyz-efi or (missing "netbootxyz" "netboot.xyz");
    }
    ++ lib.optional cfg.edk2-uefi-shell.enable {
      entry = "edk2-uefi-shell.conf";
      text = entry [ "title EDK2 UEFI Shell" "efi /${shell}" "sort-key ${cfg.edk2-uefi-shell.sortKey}" ];
      files = { };
    }
    ++ map (w: {
      entry = "windows_${w.name}.conf";
      text = entry [
        "title ${w.title}"
        "efi /${shell}"
        "options -nointerrupt -nomap -noversion ${w.efiDeviceHandle}:EFI\\Microsoft\\Boot\\Bootmgfw.efi"
        "sort-key ${w.sortKey}"
      ];
      files = { };
    }) windows;
  needsShell = cfg.edk2-uefi-shell.enable || windows != [ ];
  missing =
    option: name:
    throw "boot.loader.systemd-boot.${option}: base has no ${name}, because Debian's main has not; add it to `pkgs` by an overlay.";
  badName = names: test: message: map (name: { assertion = !test name; message = message name; }) names;
  relative = name: lib.hasPrefix "/" name || lib.hasInfix ".." name || lib.hasInfix "nixos/.extra-files" (lib.toLower name);
in
{
  options.boot.loader.systemd-boot = {
    enable = flag false "Whether systemd-boot starts the machine (EFI only).";
    sortKey = sortKey "nixos";
    editor = flag true "Whether entries can be edited in the menu.";
    configurationLimit = mkOption {
      type = types.nullOr types.int;
      default = null;
      description = "How many generations the menu shows.";
    };
    consoleMode = mkOption {
      type = types.enum [ "0" "1" "2" "5" "auto" "max" "keep" ];
      default = "keep";
      description = "Resolution of the menu.";
    };
    xbootldrMountPoint = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "/boot";
      description = "Where the partition is mounted that takes kernels and entries in place of the EFI system partition.";
    };
    graceful = flag false "Whether failures to change firmware variables are ignored.";
    rebootForBitlocker = flag false "Whether an encrypted Windows is started by a restart of its own, so that its TPM gives the key.";
    bootCounting = {
      enable = flag false "Whether attempts to start an entry are counted: one that never comes as far as `boot-complete.target` is passed over.";
      tries = mkOption {
        type = types.ints.positive;
        default = 3;
        description = "How many attempts a fresh entry has.";
      };
    };
    extraEntries = mkOption {
      type = types.attrsOf types.lines;
      default = { };
      description = "Further entries of the menu, by file name.";
    };
    extraFiles = mkOption {
      type = types.attrsOf types.path;
      default = { };
      description = "Further files on the boot partition.";
    };
    extraInstallCommands = mkOption {
      type = types.lines;
      default = "";
      description = "Shell commands run after the boot loader was installed.";
    };
    memtest86 = {
      enable = flag false "Whether the menu offers a memory test.";
      sortKey = sortKey "o_memtest86";
    };
    netbootxyz = {
      enable = flag false "Whether the menu offers netboot.xyz.";
      sortKey = sortKey "o_netbootxyz";
    };
    edk2-uefi-shell = {
      enable = flag false "Whether the menu offers the shell of EDK2.";
      sortKey = sortKey "o_edk2-uefi-shell";
    };
    windows = mkOption {
      default = { };
      description = "Installations of Windows on EFI system partitions of their own, started by the shell of EDK2.";
      type = types.attrsOf (
        types.submodule (
          { name, ... }:
          {
            options = {
              name = mkOption {
                type = types.strMatching "[-_0-9A-Za-z]+";
                default = name;
                internal = true;
                description = "Name of the entry.";
              };
              efiDeviceHandle = mkOption {
                type = types.str;
                example = "HD1b3";
                description = "What the shell calls the partition (`map -c` lists them).";
              };
              title = mkOption {
                type = types.str;
                default = "Windows ${name}";
                description = "Title in the menu.";
              };
              sortKey = sortKey "o_windows_${name}";
            };
          }
        )
      );
    };
  };

  config = mkIf cfg.enable {
    system.boot.loader.id = "systemd-boot";
    boot.loader.systemd-boot = {
      extraEntries = lib.listToAttrs (map (p: lib.nameValuePair p.entry p.text) programs);
      extraFiles = lib.mkMerge (
        map (p: p.files) programs
        ++ [
          (mkIf needsShell {
            ${shell} = pkgs.edk2-uefi-shell.efi or (missing "edk2-uefi-shell" "shell of EDK2");
          })
        ]
      );
    };
    system.activationPlan.bootLoader = {
      kind = "systemd-boot";
      esp = loader.efi.efiSysMountPoint;
      boot = cfg.xbootldrMountPoint;
      variables = loader.efi.canTouchEfiVariables;
      tries = if cfg.bootCounting.enable then cfg.bootCounting.tries else null;
      inherit (cfg)
        sortKey
        editor
        consoleMode
        graceful
        rebootForBitlocker
        configurationLimit
        extraEntries
        ;
      extraCommands = cfg.extraInstallCommands;
      bootctl = "${systemd}/bin/bootctl";
      extraFiles = lib.mapAttrs (_: toString) cfg.extraFiles;
      loader = "${systemd}/lib/systemd/boot/efi/systemd-bootx64.efi";
    };
    systemd.wantedGenerators = lib.optional cfg.bootCounting.enable "systemd-bless-boot-generator";
    assertions = [
      {
        assertion = !config.boot.isContainer;
        message = "boot.loader.systemd-boot.enable: a container has no boot loader.";
      }
      {
        assertion = lib.hasPrefix "/" loader.efi.efiSysMountPoint && lib.hasPrefix "/" (if cfg.xbootldrMountPoint == null then "/" else cfg.xbootldrMountPoint);
        message = "boot.loader.efi.efiSysMountPoint and boot.loader.systemd-boot.xbootldrMountPoint must be absolute paths.";
      }
      {
        assertion = cfg.xbootldrMountPoint != loader.efi.efiSysMountPoint;
        message = "boot.loader.systemd-boot.xbootldrMountPoint is the EFI system partition's own mount point, '${loader.efi.efiSysMountPoint}'; leave it null if there is no other boot partition.";
      }
    ]
    ++ badName (lib.attrNames cfg.extraEntries) (name: lib.hasInfix "/" name || !lib.hasSuffix ".conf" name) (
      name: "boot.loader.systemd-boot.extraEntries.\"${name}\": an entry is a file without folder whose name ends in .conf."
    )
    ++ badName (lib.attrNames cfg.extraFiles) relative (
      name: "boot.loader.systemd-boot.extraFiles.\"${name}\": a place on the partition has no slash at its beginning, no `..`, and is not below nixos/.extra-files."
    );
  };
}
