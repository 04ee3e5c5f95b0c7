{ fromDebian, lib }:
fromDebian "tar" {
  pname = "gnutar";
  meta = {
    description = "GNU tar, the archiver";
    homepage = "https://www.gnu.org/software/tar/";
    license = lib.licenses.gpl3Plus;
    mainProgram = "tar";
  };
}
