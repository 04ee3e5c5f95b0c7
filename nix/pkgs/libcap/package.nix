{ fromDebian, lib }:
fromDebian "libcap2-bin" {
  meta = {
    description = "Tools for capabilities";
    license = lib.licenses.bsd3;
    mainProgram = "setcap";
  };
}
