{ fromDebian, lib }:
fromDebian "patch" {
  meta = {
    description = "Applies differences to files";
    homepage = "https://savannah.gnu.org/projects/patch/";
    license = lib.licenses.gpl3Plus;
    mainProgram = "patch";
  };
}
