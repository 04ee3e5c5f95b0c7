{ fromDebian, lib }:
fromDebian "openbox" {
  meta = {
    description = "Window manager";
    homepage = "http://openbox.org/";
    license = lib.licenses.gpl2Plus;
    mainProgram = "openbox";
  };
}
