{ fromDebian, lib }:
fromDebian "xdotool" {
  meta = {
    description = "Types keys and moves windows in X";
    homepage = "https://github.com/jordansissel/xdotool";
    license = lib.licenses.bsd3;
    mainProgram = "xdotool";
  };
}
