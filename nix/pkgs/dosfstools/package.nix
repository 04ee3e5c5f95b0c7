{ fromDebian, lib }:
fromDebian "dosfstools" {
  meta = {
    description = "Tools for FAT file systems";
    homepage = "https://github.com/dosfstools/dosfstools";
    license = lib.licenses.gpl3Plus;
  };
}
