{ fromDebian, lib }:
fromDebian "qemu" {
  meta = {
    description = "Emulator of whole machines";
    homepage = "https://www.qemu.org/";
    license = lib.licenses.gpl2Plus;
    mainProgram = "qemu-system-x86_64";
  };
}
