{ fromDebian, lib }:
fromDebian "ncurses-bin" {
  pname = "ncurses";
  meta = {
    description = "Terminal descriptions and tools";
    homepage = "https://invisible-island.net/ncurses/";
    license = lib.licenses.mit;
  };
}
