{ fromDebian, lib }:
fromDebian "tinyproxy-bin" {
  pname = "tinyproxy";
  meta = {
    description = "Small HTTP proxy";
    license = lib.licenses.gpl2Plus;
    mainProgram = "tinyproxy";
  };
}
