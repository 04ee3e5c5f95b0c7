{ fromDebian, lib }:
fromDebian "coreutils" {
  meta = {
    description = "Basic file, shell and text tools of GNU";
    homepage = "https://www.gnu.org/software/coreutils/";
    license = lib.licenses.gpl3Plus;
  };
}
