{ fromDebian, lib }:
fromDebian "grep" {
  pname = "gnugrep";
  meta = {
    description = "GNU grep, finds lines that match a pattern";
    homepage = "https://www.gnu.org/software/grep/";
    license = lib.licenses.gpl3Plus;
    mainProgram = "grep";
  };
}
