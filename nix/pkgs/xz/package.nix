{ fromDebian, lib }:
fromDebian "xz-utils" {
  pname = "xz";
  meta = {
    description = "Compression with LZMA2";
    homepage = "https://tukaani.org/xz/";
    license = lib.licenses.bsd0;
    mainProgram = "xz";
  };
}
