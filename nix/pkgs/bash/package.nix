{ fromDebian, lib }:
fromDebian "bash" {
  meta = {
    description = "GNU Bourne-Again Shell";
    homepage = "https://www.gnu.org/software/bash/";
    license = lib.licenses.gpl3Plus;
    mainProgram = "bash";
  };
}
