{ fromDebian, lib }:
fromDebian "zstd" {
  meta = {
    description = "Fast compression by Zstandard";
    homepage = "https://facebook.github.io/zstd/";
    license = lib.licenses.bsd3;
    mainProgram = "zstd";
  };
}
