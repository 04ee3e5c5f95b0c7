{ fromDebian, lib }:
fromDebian "gnupg" {
  meta = {
    description = "Encrypts and signs by OpenPGP";
    homepage = "https://gnupg.org/";
    license = lib.licenses.gpl3Plus;
    mainProgram = "gpg";
  };
}
