{ fromDebian, lib }:
fromDebian "nano" {
  meta = {
    description = "Small editor";
    homepage = "https://www.nano-editor.org/";
    license = lib.licenses.gpl3Plus;
    mainProgram = "nano";
  };
}
