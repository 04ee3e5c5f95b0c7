# Debian's looks for its settings in /usr/lib/ssl, which is only there in a machine.
{ fromDebianWrapped, lib }:
fromDebianWrapped "openssl" { OPENSSL_CONF = "etc/ssl/openssl.cnf"; } {
  meta = {
    description = "Cryptography and TLS";
    homepage = "https://www.openssl.org/";
    license = lib.licenses.asl20;
    mainProgram = "openssl";
  };
}
