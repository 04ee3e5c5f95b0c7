{ fromDebian, lib }:
fromDebian "mtools" {
  meta = {
    description = "FAT file systems without mounting them";
    homepage = "https://www.gnu.org/software/mtools/";
    license = lib.licenses.gpl3Plus;
  };
}
