{ fromDebian, lib }:
fromDebian "gdisk" {
  pname = "gptfdisk";
  meta = {
    description = "Partitions disks by GPT";
    homepage = "https://www.rodsbooks.com/gdisk/";
    license = lib.licenses.gpl2Plus;
  };
}
