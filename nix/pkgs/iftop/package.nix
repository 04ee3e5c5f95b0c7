{ fromDebian, lib }:
fromDebian "iftop" {
  meta = {
    description = "Traffic of an interface";
    license = lib.licenses.gpl2Only;
    mainProgram = "iftop";
  };
}
