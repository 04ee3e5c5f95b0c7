{ fromDebian, lib }:
fromDebian "btrfs-progs" {
  meta = {
    description = "Tools for the btrfs file system";
    homepage = "https://btrfs.readthedocs.io/";
    license = lib.licenses.gpl2Only;
    mainProgram = "btrfs";
  };
}
