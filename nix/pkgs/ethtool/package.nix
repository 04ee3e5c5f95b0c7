{ fromDebian, lib }:
fromDebian "ethtool" {
  meta = {
    description = "Settings of network interfaces";
    homepage = "https://www.kernel.org/pub/software/network/ethtool/";
    license = lib.licenses.gpl2Only;
    mainProgram = "ethtool";
  };
}
