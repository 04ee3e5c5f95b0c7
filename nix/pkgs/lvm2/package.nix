{ fromDebian, lib }:
fromDebian "lvm2" {
  meta = {
    description = "Logical volumes";
    homepage = "https://sourceware.org/lvm2/";
    license = lib.licenses.gpl2Only;
    mainProgram = "lvm";
  };
}
