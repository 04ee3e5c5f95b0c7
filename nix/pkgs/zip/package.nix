{ fromDebian, lib }:
fromDebian "zip" {
  meta = {
    description = "Makes zip archives";
    homepage = "http://infozip.sourceforge.net/";
    license = lib.licenses.bsd3;
    mainProgram = "zip";
  };
}
