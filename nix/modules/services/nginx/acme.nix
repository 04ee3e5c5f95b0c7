# Certificates of `security.acme` for the hosts of nginx.
{ lib, config }:
let
  cfg = config.services.nginx;
  hosts = lib.filterAttrs (_: host: host.enableACME || host.useACMEHost != null) cfg.virtualHosts;
  nameOf = name: host: if host.serverName != null then host.serverName else name;
  certificateOf = name: host: if host.useACMEHost != null then host.useACMEHost else nameOf name host;
  # Whether challenges come by http.
  answers =
    name: host:
    host.acmeRoot != null && config.security.acme.certs.${certificateOf name host}.dnsProvider == null;
  certificates = lib.unique (lib.mapAttrsToList certificateOf hosts);
  units = prefix: map (name: "${prefix}-${name}.service") certificates;
in
{
  # Units after which there is a certificate of some kind, and those which order the right one.
  standIns = units "acme";
  orders = units "acme-order-renew";

  # Definitions for `security.acme.certs`.
  certificates = lib.mkMerge (
    lib.mapAttrsToList (
      name: host:
      {
        ${certificateOf name host} = {
          group = lib.mkDefault cfg.group;
          reloadServices = [ "nginx.service" ];
        }
        // lib.optionalAttrs (host.useACMEHost == null) {
          extraDomainNames = host.serverAliases;
          webroot = lib.mkOverride (if host.acmeRoot != null then 1000 else 2000) host.acmeRoot;
        };
      }
    ) hosts
  );

  # Where a host's certificate, its key and the authority's certificates are.
  files =
    name: host:
    if hosts ? ${name} then
      let
        folder = config.security.acme.certs.${certificateOf name host}.directory;
      in
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
    lib.optionalString (hosts ? ${name} && answers name host) (
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
