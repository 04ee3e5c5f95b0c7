{ fromDebian, lib }:
fromDebian "containerd" {
  meta = {
    description = "Runs containers";
    license = lib.licenses.asl20;
    mainProgram = "containerd";
  };
}
