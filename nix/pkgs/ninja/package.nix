{ fromDebian, lib }:
fromDebian "ninja-build" {
  pname = "ninja";
  meta = {
    description = "Small and fast build system";
    homepage = "https://ninja-build.org/";
    license = lib.licenses.asl20;
    mainProgram = "ninja";
  };
}
