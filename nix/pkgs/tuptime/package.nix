{ fromDebian, lib }:
fromDebian "tuptime" {
  meta = {
    description = "How long the machine has run";
    license = lib.licenses.gpl2Plus;
    mainProgram = "tuptime";
  };
}
