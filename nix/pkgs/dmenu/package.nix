{ fromDebian, lib }:
fromDebian "suckless-tools" {
  pname = "dmenu";
  meta = {
    description = "Menu to type in";
    homepage = "https://tools.suckless.org/dmenu/";
    license = lib.licenses.mit;
    mainProgram = "dmenu";
  };
}
