{ fromDebian, lib }:
fromDebian "imagemagick-6.q16" {
  pname = "imagemagick";
  meta = {
    description = "Makes, changes and converts pictures";
    homepage = "https://imagemagick.org/";
    license = lib.licenses.imagemagick;
    mainProgram = "convert";
  };
}
