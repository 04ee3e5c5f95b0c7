{ fromDebian, lib }:
fromDebian "man-db" {
  meta = {
    description = "Shows manual pages";
    homepage = "https://man-db.nongnu.org";
    license = lib.licenses.gpl2Plus;
    mainProgram = "man";
  };
}
