{ fromDebian, lib }:
fromDebian "zsh" {
  # It can be a user's shell.
  passthru.shellPath = "/bin/zsh";
  meta = {
    description = "The Z shell";
    homepage = "https://www.zsh.org/";
    license = lib.licenses.mit;
    mainProgram = "zsh";
  };
}
