{ fromDebian, lib }:
fromDebian "lz4" {
  meta = {
    description = "Very fast compression";
    homepage = "https://lz4.org/";
    license = lib.licenses.bsd2;
    mainProgram = "lz4";
  };
}
