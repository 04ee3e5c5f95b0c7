{ fromDebian, lib }:
fromDebian "hostname" {
  meta = {
    description = "Shows and sets a machine's name";
    homepage = "https://tracker.debian.org/pkg/hostname";
    license = lib.licenses.gpl2Plus;
    mainProgram = "hostname";
  };
}
