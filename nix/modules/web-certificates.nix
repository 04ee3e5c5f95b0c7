# Certificates of `security.acme` for the hosts of a web server: `options` of a host, and what follows `forHosts`, of
#
#   unit    the server's unit, which is reloaded with a new certificate
#   group   its group, which reads them
#   hosts   its hosts by name, each with these options and serverAliases
#   nameOf  a host's own name, of its name in `hosts` and itself
{ lib, config }:
let
  inherit (import ./option-kinds.nix { inherit lib; }) flag maybe;
in
{
  options = {
    enableACME = flag false "Whether its certificate is one of `security.acme`.";
    useACMEHost = maybe lib.types.str "Name in `security.acme.certs` of the certificate that is used.";
    acmeRoot = lib.mkOption {
      type = lib.types.nullOr lib.types.str;
      default = "/var/lib/acme/acme-challenge";
      description = "Folder for challenges of the authority; if null, what `security.acme` says.";
    };
  };

  forHosts =
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
    };
}
