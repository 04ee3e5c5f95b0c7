{ fromDebian, lib }:
fromDebian "xterm" {
  meta = {
    description = "Terminal for X";
    homepage = "https://invisible-island.net/xterm/";
    license = lib.licenses.mit;
    mainProgram = "xterm";
  };
}
