{ fromDebian, lib }:
fromDebian "hdparm" {
  meta = {
    description = "Settings of disks";
    homepage = "https://sourceforge.net/projects/hdparm/";
    license = lib.licenses.bsd2;
    mainProgram = "hdparm";
  };
}
