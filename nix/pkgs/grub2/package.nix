# The boot loader GRUB, for BIOS and for UEFI on this platform: one package has both, whatever `efiSupport` says.
{ fromDebian, lib }:
let
  self = fromDebian "grub2" {
    passthru = {
      grubTarget = "i386-pc";
      # Folders of what is installed, by kind of firmware.
      bios = "${self}/lib/grub/i386-pc";
      efi = "${self}/lib/grub/x86_64-efi";
    };
    meta = {
      description = "Boot loader that reads file systems";
      homepage = "https://www.gnu.org/software/grub/";
      license = lib.licenses.gpl3Plus;
      mainProgram = "grub-install";
    };
  };
in
self
