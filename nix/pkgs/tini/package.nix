{ fromDebian, lib }:
fromDebian "tini" {
  meta = {
    description = "A small first process of containers";
    license = lib.licenses.mit;
    mainProgram = "tini";
  };
}
