{ fromDebian, lib }:
fromDebian "radvd" {
  meta = {
    description = "Announces IPv6 prefixes";
    license = lib.licenses.bsdOriginal;
    mainProgram = "radvd";
  };
}
