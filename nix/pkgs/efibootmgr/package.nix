{ fromDebian, lib }:
fromDebian "efibootmgr" {
  meta = {
    description = "Boot entries of UEFI firmware";
    homepage = "https://github.com/rhboot/efibootmgr";
    license = lib.licenses.gpl2Plus;
    mainProgram = "efibootmgr";
  };
}
