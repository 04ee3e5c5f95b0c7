{ fromDebian, lib }:
fromDebian "i3-wm" {
  pname = "i3";
  meta = {
    description = "Window manager that tiles windows";
    homepage = "https://i3wm.org/";
    license = lib.licenses.bsd3;
    mainProgram = "i3";
  };
}
