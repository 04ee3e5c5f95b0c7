{ fromDebian, lib }:
fromDebian "feh" {
  meta = {
    description = "Shows pictures in X";
    homepage = "https://feh.finalrewind.org/";
    license = lib.licenses.mit;
    mainProgram = "feh";
  };
}
