{ fromDebian, lib }:
fromDebian "rpcbind" {
  meta = {
    description = "Maps RPC programs to ports";
    license = lib.licenses.bsd3;
    mainProgram = "rpcbind";
  };
}
