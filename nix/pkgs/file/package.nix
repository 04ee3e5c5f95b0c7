{ fromDebian, lib }:
fromDebian "file" {
  meta = {
    description = "Tells what kind of data a file holds";
    homepage = "https://www.darwinsys.com/file/";
    license = lib.licenses.bsd2;
    mainProgram = "file";
  };
}
