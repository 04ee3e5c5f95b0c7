{ fromDebian, lib }:
fromDebian "screen" {
  meta = {
    description = "Several terminals in one, of GNU";
    homepage = "https://www.gnu.org/software/screen/";
    license = lib.licenses.gpl3Plus;
    mainProgram = "screen";
  };
}
