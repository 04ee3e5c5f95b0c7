{ fromDebian, lib }:
fromDebian "tree" {
  meta = {
    description = "Shows folders as a tree";
    homepage = "https://oldmanprogrammer.net/source.php?dir=projects/tree";
    license = lib.licenses.gpl2Plus;
    mainProgram = "tree";
  };
}
