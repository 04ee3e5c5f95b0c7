{ fromDebian, lib }:
fromDebian "strace" {
  meta = {
    description = "Shows the system calls of a program";
    homepage = "https://strace.io/";
    license = lib.licenses.lgpl21Plus;
    mainProgram = "strace";
  };
}
