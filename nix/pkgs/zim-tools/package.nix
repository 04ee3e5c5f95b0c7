{ fromDebian, lib }:
fromDebian "zim-tools" {
  meta = {
    description = "Makes and checks ZIM archives";
    homepage = "https://github.com/openzim/zim-tools";
    license = lib.licenses.gpl3Plus;
  };
}
