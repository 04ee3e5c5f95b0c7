{ fromDebian, lib }:
fromDebian "tinyproxy" {
  meta = {
    description = "Small HTTP proxy";
    license = lib.licenses.gpl2Plus;
    mainProgram = "tinyproxy";
  };
}
