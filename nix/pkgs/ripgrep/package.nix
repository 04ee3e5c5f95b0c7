{ fromDebian, lib }:
fromDebian "ripgrep" {
  meta = {
    description = "Searches folders for a pattern";
    homepage = "https://github.com/BurntSushi/ripgrep";
    license = lib.licenses.mit;
    mainProgram = "rg";
  };
}
