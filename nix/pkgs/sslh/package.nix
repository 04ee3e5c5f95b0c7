{ fromDebian, lib }:
fromDebian "sslh" {
  meta = {
    description = "One port for ssh, TLS and others";
    license = lib.licenses.gpl2Plus;
    mainProgram = "sslh";
  };
}
