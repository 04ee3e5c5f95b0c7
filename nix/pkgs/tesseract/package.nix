{ fromDebian, lib }:
fromDebian "tesseract-ocr" {
  pname = "tesseract";
  meta = {
    description = "Reads text in pictures";
    homepage = "https://tesseract-ocr.github.io/";
    license = lib.licenses.asl20;
    mainProgram = "tesseract";
  };
}
