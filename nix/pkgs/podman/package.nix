{ fromDebian, lib }:
fromDebian "podman" {
  meta = {
    description = "Runs containers without a daemon";
    license = lib.licenses.asl20;
    mainProgram = "podman";
  };
}
