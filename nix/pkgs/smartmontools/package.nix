{ fromDebian, lib }:
fromDebian "smartmontools" {
  meta = {
    description = "Watches the health of disks";
    homepage = "https://www.smartmontools.org/";
    license = lib.licenses.gpl2Plus;
    mainProgram = "smartctl";
  };
}
