{ fromDebian, lib }:
fromDebian "zsh" {
  meta = {
    description = "The Z shell";
    homepage = "https://www.zsh.org/";
    license = lib.licenses.mit;
    mainProgram = "zsh";
  };
}
