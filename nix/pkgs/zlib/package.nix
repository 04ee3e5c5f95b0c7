{ fromDebian, lib }:
fromDebian "zlib1g" {
  pname = "zlib";
  meta = {
    description = "Library for deflate compression";
    homepage = "https://zlib.net/";
    license = lib.licenses.zlib;
  };
}
