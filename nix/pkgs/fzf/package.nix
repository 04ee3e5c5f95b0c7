{ fromDebian, lib }:
fromDebian "fzf" {
  meta = {
    description = "Fuzzy finder";
    homepage = "https://github.com/junegunn/fzf";
    license = lib.licenses.mit;
    mainProgram = "fzf";
  };
}
