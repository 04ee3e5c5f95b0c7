{ fromDebian, lib }:
fromDebian "unzip" {
  meta = {
    description = "Unpacks zip archives";
    homepage = "http://infozip.sourceforge.net/";
    license = lib.licenses.bsd3;
    mainProgram = "unzip";
  };
}
