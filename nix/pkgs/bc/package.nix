{ fromDebian, lib }:
fromDebian "bc" {
  meta = {
    description = "Calculator";
    homepage = "https://www.gnu.org/software/bc/";
    license = lib.licenses.gpl3Plus;
    mainProgram = "bc";
  };
}
