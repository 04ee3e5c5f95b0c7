{ fromDebian, lib }:
fromDebian "icewm" {
  meta = {
    description = "Window manager with a task bar";
    homepage = "https://ice-wm.org/";
    license = lib.licenses.lgpl2Only;
    mainProgram = "icewm";
  };
}
