{ fromDebianPython, lib }:
fromDebianPython "meson" {
  meta = {
    description = "Build system";
    homepage = "https://mesonbuild.com/";
    license = lib.licenses.asl20;
    mainProgram = "meson";
  };
}
