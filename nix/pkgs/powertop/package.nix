{ fromDebian, lib }:
fromDebian "powertop" {
  meta = {
    description = "Shows what takes power";
    homepage = "https://github.com/fenrus75/powertop";
    license = lib.licenses.gpl2Only;
    mainProgram = "powertop";
  };
}
