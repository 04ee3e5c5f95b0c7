{ fromDebian, lib }:
fromDebian "lsof" {
  meta = {
    description = "Lists open files";
    homepage = "https://github.com/lsof-org/lsof";
    license = lib.licenses.free;
    mainProgram = "lsof";
  };
}
