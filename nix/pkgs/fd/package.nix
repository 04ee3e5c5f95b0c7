{ fromDebian, lib }:
fromDebian "fd-find" {
  pname = "fd";
  meta = {
    description = "Finds files";
    homepage = "https://github.com/sharkdp/fd";
    license = lib.licenses.mit;
    mainProgram = "fdfind";
  };
}
