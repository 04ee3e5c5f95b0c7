{ fromDebian, lib }:
fromDebian "flex" {
  meta = {
    description = "Generator of scanners";
    homepage = "https://github.com/westes/flex";
    license = lib.licenses.bsd2;
    mainProgram = "flex";
  };
}
