{ fromDebian, lib }:
fromDebian "at" {
  meta = {
    description = "Runs commands at a given time";
    license = lib.licenses.gpl2Plus;
    mainProgram = "at";
  };
}
