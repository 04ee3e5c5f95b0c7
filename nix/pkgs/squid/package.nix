{ fromDebian, lib }:
fromDebian "squid" {
  meta = {
    description = "Proxy that keeps pages";
    license = lib.licenses.gpl2Plus;
    mainProgram = "squid";
  };
}
