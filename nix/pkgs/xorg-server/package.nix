{ fromDebian, lib }:
fromDebian "xorg-server" {
  meta = {
    description = "The X server";
    homepage = "https://www.x.org/";
    license = lib.licenses.mit;
    mainProgram = "Xorg";
  };
}
