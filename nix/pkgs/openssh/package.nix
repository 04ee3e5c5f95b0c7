{ fromDebian, lib }:
fromDebian "openssh" {
  meta = {
    description = "Secure shell, client and server";
    homepage = "https://www.openssh.com/";
    license = lib.licenses.bsd2;
    mainProgram = "ssh";
  };
}
