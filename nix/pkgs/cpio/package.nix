{ fromDebian, lib }:
fromDebian "cpio" {
  meta = {
    description = "Archiver for the cpio format";
    homepage = "https://www.gnu.org/software/cpio/";
    license = lib.licenses.gpl3Plus;
    mainProgram = "cpio";
  };
}
