{ fromDebian, lib }:
fromDebian "mdadm" {
  meta = {
    description = "Software RAID";
    homepage = "https://git.kernel.org/pub/scm/utils/mdadm/mdadm.git/";
    license = lib.licenses.gpl2Plus;
    mainProgram = "mdadm";
  };
}
