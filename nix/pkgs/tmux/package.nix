{ fromDebian, lib }:
fromDebian "tmux" {
  meta = {
    description = "Several terminals in one";
    homepage = "https://tmux.github.io/";
    license = lib.licenses.bsd3;
    mainProgram = "tmux";
  };
}
