{ fromDebian, lib }:
fromDebian "shellcheck" {
  meta = {
    description = "Finds mistakes in shell scripts";
    homepage = "https://www.shellcheck.net/";
    license = lib.licenses.gpl3Plus;
    mainProgram = "shellcheck";
  };
}
