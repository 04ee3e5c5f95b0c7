{ fromDebian, lib }:
fromDebian "cowsay" {
  meta = {
    description = "A cow that says something";
    license = lib.licenses.gpl3Only;
    mainProgram = "cowsay";
  };
}
