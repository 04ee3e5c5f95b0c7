{ fromDebian, lib }:
fromDebian "netcat-openbsd" {
  meta = {
    description = "Reads and writes network connections";
    homepage = "https://packages.debian.org/netcat-openbsd";
    license = lib.licenses.bsd3;
    mainProgram = "nc";
  };
}
