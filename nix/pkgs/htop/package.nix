{ fromDebian, lib }:
fromDebian "htop" {
  meta = {
    description = "Shows processes";
    homepage = "https://htop.dev/";
    license = lib.licenses.gpl2Only;
    mainProgram = "htop";
  };
}
