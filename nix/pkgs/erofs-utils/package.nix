{ fromDebian, lib }:
fromDebian "erofs-utils" {
  meta = {
    description = "Makes EROFS images";
    homepage = "https://erofs.docs.kernel.org/";
    license = lib.licenses.gpl2Plus;
    mainProgram = "mkfs.erofs";
  };
}
