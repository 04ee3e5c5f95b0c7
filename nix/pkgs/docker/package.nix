{ fromDebian, lib }:
fromDebian "docker.io" {
  meta = {
    description = "Runs containers of images";
    license = lib.licenses.asl20;
    mainProgram = "docker";
  };
}
