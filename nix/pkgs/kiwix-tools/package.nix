{ fromDebian, lib }:
fromDebian "kiwix-tools" {
  meta = {
    description = "Serves offline copies of web sites";
    homepage = "https://kiwix.org/";
    license = lib.licenses.gpl3Plus;
    mainProgram = "kiwix-serve";
  };
}
