# The boot loader GRUB, for BIOS and for UEFI on this platform: one package has both, whatever `efiSupport` says. Its
# scripts look for their parts in /usr otherwise.
{
  debianGroups,
  lib,
  runCommandLocal,
}:
let
  raw = debianGroups.grub2;
in
runCommandLocal "grub2-${raw.version}"
  {
    passthru = {
      inherit (raw) debianClosure debianVersion version;
      pname = "grub2";
      grubTarget = "i386-pc";
      # What is installed, by kind of firmware.
      bios = "${raw}/lib/grub/i386-pc";
      efi = "${raw}/lib/grub/x86_64-efi";
    };
    meta = {
      description = "Boot loader that reads file systems";
      homepage = "https://www.gnu.org/software/grub/";
      license = lib.licenses.gpl3Plus;
      mainProgram = "grub-install";
    };
  }
  ''
    mkdir -p $out/bin $out/share/grub
    for folder in lib etc; do ln -s ${raw}/$folder $out/$folder; done
    ln -s bin $out/sbin
    ln -s ${raw}/share/* $out/share/ 2>/dev/null || true
    ln -s ${raw}/share/grub/* $out/share/grub/
    for program in ${raw}/bin/*; do ln -s $program $out/bin/; done
    for script in bin/grub-reboot bin/grub-set-default bin/grub-mkconfig share/grub/grub-mkconfig_lib; do
      rm $out/$script
      sed "s,/usr,$out,g" ${raw}/$script > $out/$script
    done
    chmod +x $out/bin/grub-reboot $out/bin/grub-set-default $out/bin/grub-mkconfig
  ''
