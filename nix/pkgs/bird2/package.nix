{ fromDebian, lib }:
fromDebian "bird2" {
  meta = {
    description = "Routing daemon";
    license = lib.licenses.gpl2Plus;
    mainProgram = "bird";
  };
}
