{ fromDebian, lib }:
fromDebian "tlp" {
  meta = {
    description = "Saves power on laptops";
    homepage = "https://linrunner.de/tlp";
    license = lib.licenses.gpl2Plus;
    mainProgram = "tlp";
  };
}
