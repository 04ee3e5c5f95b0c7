{ fromDebian, lib }:
fromDebian "cmake" {
  meta = {
    description = "Build system generator";
    homepage = "https://cmake.org/";
    license = lib.licenses.bsd3;
    mainProgram = "cmake";
  };
}
