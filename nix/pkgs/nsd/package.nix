{ fromDebian, lib }:
fromDebian "nsd" {
  meta = {
    description = "Authoritative name server";
    license = lib.licenses.bsd3;
    mainProgram = "nsd";
  };
}
