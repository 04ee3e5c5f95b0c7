{ fromDebian, lib }:
fromDebian "xutils-dev" {
  meta = {
    description = "Makes a tree of links to another tree";
    homepage = "https://gitlab.freedesktop.org/xorg/util/lndir";
    license = lib.licenses.mit;
    mainProgram = "lndir";
  };
}
