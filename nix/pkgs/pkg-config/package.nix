{ fromDebian, lib }:
fromDebian "pkgconf" {
  pname = "pkg-config";
  meta = {
    description = "Finds libraries for compilers";
    homepage = "http://pkgconf.org/";
    license = lib.licenses.isc;
    mainProgram = "pkg-config";
  };
}
