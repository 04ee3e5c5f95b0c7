{ fromDebian, lib }:
fromDebian "pciutils" {
  meta = {
    description = "Lists PCI devices";
    homepage = "https://mj.ucw.cz/sw/pciutils/";
    license = lib.licenses.gpl2Plus;
    mainProgram = "lspci";
  };
}
