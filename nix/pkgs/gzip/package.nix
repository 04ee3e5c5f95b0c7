{ fromDebian, lib }:
fromDebian "gzip" {
  meta = {
    description = "GNU zip compression";
    homepage = "https://www.gnu.org/software/gzip/";
    license = lib.licenses.gpl3Plus;
    mainProgram = "gzip";
  };
}
