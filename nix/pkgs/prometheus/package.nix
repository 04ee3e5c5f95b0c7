{ fromDebian, lib }:
fromDebian "prometheus" {
  meta = {
    description = "Collects and queries measurements";
    license = lib.licenses.asl20;
    mainProgram = "prometheus";
  };
}
