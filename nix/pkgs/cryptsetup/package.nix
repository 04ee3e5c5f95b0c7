{ fromDebian, lib }:
fromDebian "cryptsetup-bin" {
  pname = "cryptsetup";
  meta = {
    description = "Encrypted disks by LUKS";
    homepage = "https://gitlab.com/cryptsetup/cryptsetup";
    license = lib.licenses.gpl2Plus;
    mainProgram = "cryptsetup";
  };
}
