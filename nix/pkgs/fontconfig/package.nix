{ fromDebian, lib }:
fromDebian "fontconfig" {
  meta = {
    description = "Finds fonts";
    homepage = "https://www.freedesktop.org/wiki/Software/fontconfig/";
    license = lib.licenses.bsd2;
    mainProgram = "fc-match";
  };
}
