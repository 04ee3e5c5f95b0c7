# Tesseract, told where its languages are: that is compiled in as a folder of /usr.
{
  debianGroups,
  lib,
  runtimeShell,
  wrapDebian,
}:
let
  tesseract = debianGroups.tesseract-ocr;
  data = [ tesseract debianGroups.tesseract-ocr-eng debianGroups.tesseract-ocr-osd ];
in
wrapDebian tesseract
  {
    pname = "tesseract";
    meta = {
      description = "Reads text in pictures";
      homepage = "https://tesseract-ocr.github.io/";
      license = lib.licenses.asl20;
      mainProgram = "tesseract";
    };
  }
  ''
    mkdir -p $out/bin $out/share/tessdata
    for folder in ${lib.concatMapStringsSep " " (part: "${part}/share/tesseract-ocr/5/tessdata") data}; do
      if [ -d $folder ]; then ln -sf $folder/* $out/share/tessdata/; fi
    done
    printf '#!%s\nexport TESSDATA_PREFIX=''${TESSDATA_PREFIX-%s}\nexec %s "$@"\n' \
      ${runtimeShell} $out/share/tessdata ${tesseract}/bin/tesseract > $out/bin/tesseract
    chmod +x $out/bin/tesseract
  ''
