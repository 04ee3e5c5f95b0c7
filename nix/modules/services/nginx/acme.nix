# What `security.acme` means for the text of nginx' hosts.
{ lib, config }:
let
  cfg = config.services.nginx;
  shared = import ../../web-certificates.nix { inherit lib config; };
  certificates = shared.forHosts {
    unit = "nginx.service";
    inherit (cfg) group;
    hosts = cfg.virtualHosts;
    nameOf = name: host: if host.serverName != null then host.serverName else name;
  };
in
certificates
// {
  inherit (shared) options;

  # Where a host's certificate, its key and the authority's certificates are.
  files =
    name: host:
    let
      folder = certificates.folder name;
    in
    if folder != null then
      {
        certificate = "${folder}/fullchain.pem";
        key = "${folder}/key.pem";
        chain = if host.sslTrustedCertificate != null then host.sslTrustedCertificate else "${folder}/chain.pem";
      }
    else
      {
        certificate = host.sslCertificate;
        key = host.sslCertificateKey;
        chain = host.sslTrustedCertificate;
      };

  # What answers the authority's challenges.
  challengeText =
    name: host:
    lib.optionalString (certificates.answers name) (
      ''
        location ^~ /.well-known/acme-challenge/ {
        root ${host.acmeRoot};
        auth_basic off;
        auth_request off;
        ${lib.optionalString (host.acmeFallbackHost != null) "try_files $uri @acme-fallback;"}
        }
      ''
      + lib.optionalString (host.acmeFallbackHost != null) ''
        location @acme-fallback {
        auth_basic off;
        auth_request off;
        proxy_pass http://${host.acmeFallbackHost};
        }
      ''
    );
}
