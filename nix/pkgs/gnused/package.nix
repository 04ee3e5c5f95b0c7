{ fromDebian, lib }:
fromDebian "sed" {
  pname = "gnused";
  meta = {
    description = "GNU sed, edits text as it streams";
    homepage = "https://www.gnu.org/software/sed/";
    license = lib.licenses.gpl3Plus;
    mainProgram = "sed";
  };
}
