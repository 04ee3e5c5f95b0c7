{ fromDebian, lib }:
fromDebian "util-linux" {
  meta = {
    description = "System utilities of Linux";
    homepage = "https://github.com/util-linux/util-linux";
    license = lib.licenses.gpl2Plus;
  };
}
