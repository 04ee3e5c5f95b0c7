{ fromDebian, lib }:
fromDebian "iproute2" {
  meta = {
    description = "Network configuration of Linux";
    homepage = "https://wiki.linuxfoundation.org/networking/iproute2";
    license = lib.licenses.gpl2Only;
    mainProgram = "ip";
  };
}
