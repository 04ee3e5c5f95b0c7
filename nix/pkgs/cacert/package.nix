# Certificates of authorities, as one file.
{ debian, runCommandLocal, lib }:
runCommandLocal "nss-cacert-${debian.ca-certificates.version}"
  {
    meta = {
      description = "Certificates of authorities which Mozilla trusts";
      homepage = "https://packages.debian.org/ca-certificates";
      license = lib.licenses.mpl20;
    };
    passthru.version = debian.ca-certificates.version;
  }
  ''
    mkdir -p $out/etc/ssl/certs
    for file in ${debian.ca-certificates}/share/ca-certificates/mozilla/*.crt; do
      cat "$file"
      echo
    done > $out/etc/ssl/certs/ca-bundle.crt
    ln -s ca-bundle.crt $out/etc/ssl/certs/ca-certificates.crt
  ''
