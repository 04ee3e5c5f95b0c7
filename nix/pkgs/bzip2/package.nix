{ fromDebian, lib }:
fromDebian "bzip2" {
  meta = {
    description = "Compression by sorting blocks";
    homepage = "https://sourceware.org/bzip2/";
    license = lib.licenses.bsdOriginal;
    mainProgram = "bzip2";
  };
}
