{ fromDebian, lib }:
fromDebian "diffutils" {
  meta = {
    description = "Tools which show the differences between files";
    homepage = "https://www.gnu.org/software/diffutils/";
    license = lib.licenses.gpl3Plus;
    mainProgram = "diff";
  };
}
