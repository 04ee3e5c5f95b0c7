{ fromDebian, lib }:
fromDebian "bridge-utils" {
  meta = {
    description = "Old tools for network bridges";
    homepage = "https://wiki.linuxfoundation.org/networking/bridge";
    license = lib.licenses.gpl2Plus;
    mainProgram = "brctl";
  };
}
