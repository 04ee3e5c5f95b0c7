# The options of `boot.loader.grub`, with NixOS' names and defaults.
{
  config,
  options,
  lib,
  pkgs,
}:
let
  inherit (lib) mkOption types;
  cfg = config.boot.loader.grub;
  loader = config.boot.loader;
  inherit (import ../../../../option-kinds.nix { inherit lib; }) flag lines maybe names text;
  secret = description: mkOption {
    type = types.uniq (types.nullOr types.str);
    default = null;
    inherit description;
  };
  user.options = {
    hashedPasswordFile = secret "File with the password's hash, as `grub-mkpasswd-pbkdf2` prints it.";
    hashedPassword = secret "Hash of the password, which ends up readable in the store.";
    passwordFile = secret "File with the password.";
    password = secret "The password, which ends up readable in the store.";
  };
  mirror.options = {
    path = mkOption {
      type = types.str;
      example = "/boot1";
      description = "Folder for the menu and, where they are copied, kernels.";
    };
    efiSysMountPoint = maybe types.str "Where the EFI system partition is mounted; null for the folder itself.";
    efiBootloaderId = maybe types.str "Name of the firmware's entry.";
    devices = names "Disks on which GRUB is installed.";
  };
in
{
  enable = flag (cfg.mirroredBoots != [ ] && !config.boot.isContainer && !loader.systemd-boot.enable) ''
    Whether GRUB starts the machine. By default it does where disks for it are named, and nothing else starts it.
  '' // {
    defaultText = lib.literalMD "whether `device`, `devices` or `mirroredBoots` are set";
  };
  device = text "" "Disk on which GRUB is installed; `nodev` makes the menu only, or installs for UEFI only.";
  devices = names "Disks on which GRUB is installed.";
  mirroredBoots = mkOption {
    type = types.listOf (types.submodule mirror);
    default = [ ];
    description = "Several boot folders, each with the disks that start from it.";
  };
  users = mkOption {
    type = types.attrsOf (types.submodule user);
    default = { };
    example = { root.hashedPasswordFile = "/etc/secrets/grub"; };
    description = ''
      Users of the menu. With some, everything but the default needs one's password, which is in the menu's file,
      readable for root only.
    '';
  };
  configurationName = text "" "Name of this configuration in the menu.";
  storePath = text "/nix/store" "Where GRUB finds the store, when kernels are not copied.";
  extraPrepareConfig = lines "Shell commands run when the menu is made; `@bootPath@` stands for the boot folder.";
  extraConfig = lines "Commands of GRUB before the menu's entries.";
  extraGrubInstallArgs = names "Arguments of `grub-install`.";
  extraInstallCommands = lines "Shell commands run after the boot loader was installed.";
  extraPerEntryConfig = lines "Commands of GRUB at the beginning of each entry.";
  extraEntries = lines "Further entries of the menu; `@bootRoot@` stands for the boot folder.";
  extraEntriesBeforeNixOS = flag false "Whether these come first.";
  extraFiles = mkOption {
    type = types.attrsOf types.path;
    default = { };
    description = "Files copied to the boot folder (the EFI system partition, where that is another), by place in it.";
  };
  useOSProber = flag false "Whether other systems appear in the menu.";
  splashImage = maybe types.path "Picture behind the menu: PNG, TGA or JPEG.";
  backgroundColor = maybe types.str "Colour behind the menu where no picture is.";
  splashMode = mkOption {
    type = types.enum [ "normal" "stretch" ];
    default = "stretch";
    description = "Whether the picture fills the screen.";
  };
  timeoutStyle = mkOption {
    type = types.enum [ "menu" "countdown" "hidden" ];
    default = "menu";
    description = "What is seen while the menu waits.";
  };
  entryOptions = mkOption {
    type = types.nullOr types.str;
    default = "--class nixos --unrestricted";
    description = "Options of the default entry.";
  };
  subEntryOptions = mkOption {
    type = types.nullOr types.str;
    default = "--class nixos";
    description = "Options of the entries of all generations.";
  };
  theme = maybe types.path "Theme: a folder with `theme.txt`.";
  font = mkOption {
    type = types.nullOr types.path;
    default = "${pkgs.grub2}/share/grub/unicode.pf2";
    defaultText = lib.literalExpression ''"''${pkgs.grub2}/share/grub/unicode.pf2"'';
    description = "Font of the graphical menu; null leaves the menu in text mode. Other kinds than pf2 are converted.";
  };
  fontSize = maybe types.int "Size to which a font of another kind is converted.";
  gfxmodeEfi = text "auto" "Resolution of the menu under UEFI.";
  gfxmodeBios = text "1024x768" "Resolution of the menu under BIOS.";
  gfxpayloadEfi = text "keep" "Resolution that the kernel begins with under UEFI.";
  gfxpayloadBios = text "text" "Resolution that the kernel begins with under BIOS.";
  configurationLimit = mkOption {
    type = types.int;
    default = 100;
    description = "How many generations the menu shows.";
  };
  copyKernels = flag false "Whether kernels are copied to the boot folder also where GRUB could read the store.";
  default = mkOption {
    type = types.either types.int types.str;
    default = "0";
    apply = toString;
    description = "Number or title of the default entry, or `saved` for the one that was started last.";
  };
  fsIdentifier = mkOption {
    type = types.enum [ "uuid" "label" "provided" ];
    default = "uuid";
    description = "What GRUB knows file systems by: their UUID, label, or the device they were mounted from.";
  };
  zfsSupport = flag false "Whether GRUB reads ZFS.";
  zfsPackage = mkOption {
    type = types.raw;
    default = null;
    internal = true;
    description = "The package of ZFS.";
  };
  efiSupport = flag false "Whether GRUB is installed for UEFI.";
  efiInstallAsRemovable = flag false "Whether GRUB is installed where firmware looks by default.";
  enableCryptodisk = flag false "Whether GRUB opens encrypted disks.";
  forceInstall = flag false "Whether GRUB is installed also where it finds problems.";
  forcei686 = flag false "Whether GRUB is installed for 32-bit UEFI.";
  memtest86 = {
    enable = flag false "Whether the menu offers a memory test.";
    params = names "Parameters of the memory test.";
  };
}
