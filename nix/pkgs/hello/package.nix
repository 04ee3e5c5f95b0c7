{ fromDebian, lib }:
fromDebian "hello" {
  meta = {
    description = "Prints a friendly greeting";
    homepage = "https://www.gnu.org/software/hello/";
    license = lib.licenses.gpl3Plus;
    mainProgram = "hello";
  };
}
