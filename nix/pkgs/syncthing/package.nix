{ fromDebian, lib }:
fromDebian "syncthing" {
  meta = {
    description = "Keeps folders of several machines the same";
    license = lib.licenses.mpl20;
    mainProgram = "syncthing";
  };
}
