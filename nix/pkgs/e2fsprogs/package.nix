{ fromDebian, lib }:
fromDebian "e2fsprogs" {
  meta = {
    description = "Tools for the ext2, ext3 and ext4 file systems";
    homepage = "https://e2fsprogs.sourceforge.net/";
    license = lib.licenses.gpl2Plus;
  };
}
