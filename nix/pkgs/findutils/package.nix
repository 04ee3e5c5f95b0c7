{ fromDebian, lib }:
fromDebian "findutils" {
  meta = {
    description = "Basic tools to find files";
    homepage = "https://www.gnu.org/software/findutils/";
    license = lib.licenses.gpl3Plus;
    mainProgram = "find";
  };
}
