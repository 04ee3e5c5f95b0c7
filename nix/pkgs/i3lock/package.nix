{ fromDebian, lib }:
fromDebian "i3lock" {
  meta = {
    description = "Locks the screen";
    homepage = "https://i3wm.org/i3lock/";
    license = lib.licenses.bsd3;
    mainProgram = "i3lock";
  };
}
