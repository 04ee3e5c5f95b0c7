{ fromDebian, lib }:
fromDebian "squashfs-tools" {
  pname = "squashfsTools";
  meta = {
    description = "Makes squashfs images";
    homepage = "https://github.com/plougher/squashfs-tools";
    license = lib.licenses.gpl2Plus;
    mainProgram = "mksquashfs";
  };
}
