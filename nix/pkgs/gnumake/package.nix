{ fromDebian, lib }:
fromDebian "make" {
  pname = "gnumake";
  meta = {
    description = "GNU make";
    homepage = "https://www.gnu.org/software/make/";
    license = lib.licenses.gpl3Plus;
    mainProgram = "make";
  };
}
