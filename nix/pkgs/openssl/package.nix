{ fromDebian, lib }:
fromDebian "openssl" {
  meta = {
    description = "Cryptography and TLS";
    homepage = "https://www.openssl.org/";
    license = lib.licenses.asl20;
    mainProgram = "openssl";
  };
}
