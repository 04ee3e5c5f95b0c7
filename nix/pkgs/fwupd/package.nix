{ fromDebian, lib }:
fromDebian "fwupd" {
  meta = {
    description = "Updates the firmware of devices";
    homepage = "https://fwupd.org/";
    license = lib.licenses.lgpl21Plus;
    mainProgram = "fwupdmgr";
  };
}
