# What the disk of a machine begins with that starts by a boot loader of its own: the image of an EFI system partition,
# or for BIOS the loader and the root's folder with the menu.
{ config, lib, ... }:
let
  inherit (lib) mkIf;
  v = config.virtualisation;
  pkgs = v.host.pkgs;
  inherit (pkgs.stdenv.hostPlatform) system;
  grub = config.boot.loader.grub;
  byGrub = v.useBootLoader && grub.enable;
  toplevel = "${config.system.build.toplevel}";
  quick = {
    inherit system;
    preferLocalBuild = true;
    allowSubstitutes = false;
  };
  # GRUB's core finds the boot folder by the label of its file system, which the disk's maker writes.
  core =
    {
      format,
      label,
      folder,
      modules,
    }:
    pkgs.runCommandLocal "grub-${format}" { } ''
      mkdir $out
      cat > early.cfg <<'EOF'
      search.fs_label ${label} root
      set prefix=($root)'${folder}/grub'
      EOF
      ${pkgs.grub2}/bin/grub-mkimage --directory ${pkgs.grub2}/lib/grub/${format} --format ${format} \
        --prefix ${folder}/grub --config early.cfg --output $out/core.${if format == "i386-pc" then "img" else "efi"} \
        part_gpt part_msdos search_label ${modules}
      ${lib.optionalString (format == "i386-pc") "cp ${pkgs.grub2}/lib/grub/${format}/boot.img $out/"}
    '';
  bios = core {
    format = "i386-pc";
    label = "nixos";
    folder = (lib.head grub.mirroredBoots).path;
    modules = "biosdisk ext2";
  };
  uefi = core {
    format = "x86_64-efi";
    label = "ESP";
    folder = "";
    modules = "fat";
  };
in
{
  config = {
    system.build.espImage = derivation (
      quick
      // {
        name = "esp-${v.test.nodeName}";
        builder = "builtin:esp-image";
        inherit toplevel;
      }
      // lib.optionalAttrs byGrub { core = "${uefi}"; }
    );
    system.build.grubImages = "${bios}";
    system.build.bootFolder = derivation (
      quick
      // {
        name = "boot-${v.test.nodeName}";
        builder = "builtin:grub-folder";
        label = "nixos";
        core = "${bios}";
        inherit toplevel;
      }
    );
    boot.loader.grub = mkIf (v.useBootLoader && !config.boot.loader.systemd-boot.enable) {
      # As NixOS has it: GRUB is what starts a machine where nothing else is said.
      enable = lib.mkOverride 1400 true;
      devices = lib.mkOverride 10 [ (if v.useEFIBoot then "nodev" else v.bootLoaderDevice) ];
      efiSupport = mkIf v.useEFIBoot (lib.mkOverride 1400 true);
      efiInstallAsRemovable = mkIf v.useEFIBoot (lib.mkOverride 1400 (!config.boot.loader.efi.canTouchEfiVariables));
    };
  };
}
