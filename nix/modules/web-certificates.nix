# Certificates of `security.acme` for the hosts of a web server.
#
#   unit    the server's unit, which is reloaded with a new certificate
#   group   its group, which reads them
#   hosts   its hosts by name, each with enableACME, useACMEHost, acmeRoot and serverAliases
#   nameOf  a host's own name, of its name in `hosts` and itself
{ lib, config }:
{
  unit,
  group,
  hosts,
  nameOf,
}:
let
  inherit (config.security.acme) certs;
  using = lib.filterAttrs (_: host: host.enableACME || host.useACMEHost != null) hosts;
  certificateOf = name: host: if host.useACMEHost != null then host.useACMEHost else nameOf name host;
  units = prefix: map (name: "${prefix}-${name}.service") (lib.unique (lib.mapAttrsToList certificateOf using));
in
{
  # Units after which there is a certificate of some kind, and those which order the right one.
  standIns = units "acme";
  orders = units "acme-order-renew";

  # Definitions for `security.acme.certs`.
  certificates = lib.mkMerge (
    lib.mapAttrsToList (name: host: {
      ${certificateOf name host} = {
        group = lib.mkDefault group;
        reloadServices = [ unit ];
      }
      // lib.optionalAttrs (host.useACMEHost == null) {
        extraDomainNames = host.serverAliases;
        webroot = lib.mkOverride (if host.acmeRoot != null then 1000 else 2000) host.acmeRoot;
      };
    }) using
  );

  # The folder of a host's certificate, null if it is none of these.
  folder = name: if using ? ${name} then certs.${certificateOf name using.${name}}.directory else null;

  # Whether the host answers the authority's challenges.
  answers =
    name:
    using ? ${name}
    && using.${name}.acmeRoot != null
    && certs.${certificateOf name using.${name}}.dnsProvider == null;
}
