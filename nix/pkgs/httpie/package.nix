{ fromDebianPython, lib }:
fromDebianPython "httpie" {
  meta = {
    description = "HTTP on the command line";
    license = lib.licenses.bsd3;
    mainProgram = "http";
  };
}
