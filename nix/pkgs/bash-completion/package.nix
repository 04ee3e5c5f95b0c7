{ fromDebian, lib }:
fromDebian "bash-completion" {
  meta = {
    description = "Completion of command lines in bash";
    homepage = "https://github.com/scop/bash-completion";
    license = lib.licenses.gpl2Plus;
  };
}
