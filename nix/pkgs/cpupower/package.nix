{ fromDebian, lib }:
fromDebian "linux-cpupower" {
  pname = "cpupower";
  meta = {
    description = "Sets the frequency of processors";
    homepage = "https://www.kernel.org/";
    license = lib.licenses.gpl2Only;
    mainProgram = "cpupower";
  };
}
