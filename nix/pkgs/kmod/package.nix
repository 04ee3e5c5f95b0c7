{ fromDebian, lib }:
fromDebian "kmod" {
  meta = {
    description = "Loads and lists kernel modules";
    homepage = "https://git.kernel.org/pub/scm/utils/kernel/kmod/kmod.git";
    license = lib.licenses.gpl2Plus;
    mainProgram = "kmod";
  };
}
