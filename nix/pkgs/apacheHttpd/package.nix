{ fromDebian, lib }:
fromDebian "apache2" {
  meta = {
    description = "The Apache HTTP server";
    license = lib.licenses.asl20;
    mainProgram = "apache2";
  };
}
