{ fromDebian, lib }:
fromDebian "bash" {
  # It can be a user's shell.
  passthru.shellPath = "/bin/bash";
  meta = {
    description = "GNU Bourne-Again Shell";
    homepage = "https://www.gnu.org/software/bash/";
    license = lib.licenses.gpl3Plus;
    mainProgram = "bash";
  };
}
