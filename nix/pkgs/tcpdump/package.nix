{ fromDebian, lib }:
fromDebian "tcpdump" {
  meta = {
    description = "Shows what goes over a network";
    homepage = "https://www.tcpdump.org/";
    license = lib.licenses.bsd3;
    mainProgram = "tcpdump";
  };
}
