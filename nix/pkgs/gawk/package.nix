{ fromDebian, lib }:
fromDebian "gawk" {
  meta = {
    description = "GNU awk, a language for tables of text";
    homepage = "https://www.gnu.org/software/gawk/";
    license = lib.licenses.gpl3Plus;
    mainProgram = "gawk";
  };
}
