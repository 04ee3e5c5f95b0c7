{ fromDebian, lib }:
fromDebian "mbpfan" {
  meta = {
    description = "Sets the speed of the fans of Apple's laptops";
    homepage = "https://github.com/linux-on-mac/mbpfan";
    license = lib.licenses.gpl3Plus;
    mainProgram = "mbpfan";
  };
}
