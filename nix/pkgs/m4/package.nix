{ fromDebian, lib }:
fromDebian "m4" {
  meta = {
    description = "Macro processor";
    homepage = "https://www.gnu.org/software/m4/";
    license = lib.licenses.gpl3Plus;
    mainProgram = "m4";
  };
}
