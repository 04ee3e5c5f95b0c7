{ fromDebian, lib }:
fromDebian "vim-tiny" {
  pname = "vim";
  meta = {
    description = "Vi improved, in its small form";
    homepage = "https://www.vim.org/";
    license = lib.licenses.vim;
    mainProgram = "vi";
  };
}
