{ fromDebian, lib }:
fromDebian "i3status" {
  meta = {
    description = "Lines for status bars";
    homepage = "https://i3wm.org/i3status/";
    license = lib.licenses.bsd3;
    mainProgram = "i3status";
  };
}
