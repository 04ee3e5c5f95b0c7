# Debian's looks for its settings in /usr/lib/ssl, which is only there in a machine.
{
  debianGroups,
  lib,
  runtimeShell,
  wrapDebian,
}:
let
  openssl = debianGroups.openssl;
in
wrapDebian openssl
  {
    pname = "openssl";
    meta = {
      description = "Cryptography and TLS";
      homepage = "https://www.openssl.org/";
      license = lib.licenses.asl20;
      mainProgram = "openssl";
    };
  }
  ''
    mkdir -p $out/bin
    ln -s bin $out/sbin
    for part in ${openssl}/*; do
      case ''${part##*/} in bin | sbin) ;; *) ln -s $part $out/ ;; esac
    done
    ln -s ${openssl}/bin/c_rehash $out/bin/
    {
      echo '#!${runtimeShell}'
      echo 'export OPENSSL_CONF=''${OPENSSL_CONF-${openssl}/etc/ssl/openssl.cnf}'
      echo 'exec ${openssl}/bin/openssl "$@"'
    } > $out/bin/openssl
    chmod +x $out/bin/openssl
  ''
