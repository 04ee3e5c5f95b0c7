{ fromDebian, lib }:
fromDebian "runc" {
  meta = {
    description = "Starts containers";
    license = lib.licenses.asl20;
    mainProgram = "runc";
  };
}
