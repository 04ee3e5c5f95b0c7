{ fromDebian, lib }:
fromDebian "parted" {
  meta = {
    description = "Partitions disks";
    homepage = "https://www.gnu.org/software/parted/";
    license = lib.licenses.gpl3Plus;
    mainProgram = "parted";
  };
}
