{ fromDebian, lib }:
fromDebian "xfsprogs" {
  meta = {
    description = "Tools for the XFS file system";
    homepage = "https://xfs.wiki.kernel.org/";
    license = lib.licenses.gpl2Only;
  };
}
