{ fromDebian, lib }:
fromDebian "glibc" {
  meta = {
    description = "C library of GNU";
    homepage = "https://www.gnu.org/software/libc/";
    license = lib.licenses.lgpl2Plus;
  };
}
