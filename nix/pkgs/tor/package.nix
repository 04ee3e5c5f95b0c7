{ fromDebian, lib }:
fromDebian "tor" {
  meta = {
    description = "Anonymous connections";
    license = lib.licenses.bsd3;
    mainProgram = "tor";
  };
}
