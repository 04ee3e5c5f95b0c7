# Certificates by ACME (RFC 8555), ordered and renewed with lego. Until the first one is there, one that the machine
# signed itself stands in its place, so that servers can start.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.security.acme;
  user = if cfg.useRoot then "root" else "acme";
  units = lib.mapAttrsToList (import ./units.nix { inherit lib pkgs cfg; }) cfg.certs;
  all = kind: lib.mkMerge (map (unit: unit.${kind}) units);
  webroots = lib.unique (
    lib.filter (root: root != null) (lib.mapAttrsToList (_: cert: cert.webroot) cfg.certs)
  );

  renamed =
    old: new:
    lib.mkRenamedOptionModule [ "security" "acme" old ] [ "security" "acme" "defaults" new ];

  ways = [ "dnsProvider" "webroot" "listenHTTP" "s3Bucket" ];
  assertionsOf =
    name: cert:
    let
      at = "security.acme.certs.${lib.strings.escapeNixIdentifier name}";
    in
    [
      {
        assertion = lib.count (way: cert.${way} != null) ways == 1;
        message = "${at}: set one of ${lib.concatStringsSep ", " ways}, by which the authority sees that the name is yours.";
      }
      {
        assertion = !lib.hasInfix "*" name;
        message = "${at}: a star belongs into `domain`, not into the certificate's name: ${at}.domain = \"${name}\";";
      }
      {
        assertion = lib.all (n: lib.hasSuffix "_FILE" n || lib.hasSuffix "_PATH" n) (lib.attrNames cert.credentialFiles);
        message = "${at}.credentialFiles: variables that name files end in `_FILE` or `_PATH`.";
      }
      {
        assertion = (cert.csr == null) == (cert.csrKey == null);
        message = "${at}: `csr` and `csrKey` belong together.";
      }
    ];
in
{
  imports = map (name: renamed name name) [ "email" "renewInterval" "server" "validMinDays" "enableDebugLogs" ];
  options.security.acme = import ./options.nix { inherit lib cfg; };
  config = lib.mkIf (cfg.certs != { }) {
    assertions = [
      {
        assertion = cfg.acceptTerms;
        message = ''
          Certificates are ordered from an authority with terms of service. Read them, and say that you agree:
          security.acme.acceptTerms = true;'';
      }
    ]
    ++ lib.concatLists (lib.mapAttrsToList assertionsOf cfg.certs);
    warnings = lib.mapAttrsToList (
      name: _: "security.acme.certs.${lib.strings.escapeNixIdentifier name}.extraDomains: say extraDomainNames, a list of names."
    ) (lib.filterAttrs (_: cert: cert.extraDomains != { }) cfg.certs);
    users.users.acme = {
      home = "/var/lib/acme";
      homeMode = "755";
      group = "acme";
      isSystemUser = true;
    };
    users.groups.acme = { };
    systemd.timers = all "timers";
    systemd.services = lib.mkMerge [
      (all "services")
      {
        acme-setup = {
          description = "Folders for certificates";
          serviceConfig = {
            Type = "oneshot";
            RemainAfterExit = true;
            User = user;
            Group = "acme";
            UMask = "0077";
            PrivateTmp = true;
            StateDirectory = [ "acme" "acme/.lego" ];
            StateDirectoryMode = "0755";
            RuntimeDirectory = "acme";
            RuntimeDirectoryMode = "0700";
          };
          # Its folders are all there is to do.
          script = ":";
        };
      }
    ];
    systemd.tmpfiles.settings."10-acme" = lib.genAttrs (lib.concatMap (root: [
      root
      "${root}/.well-known"
      "${root}/.well-known/acme-challenge"
    ]) webroots) (_: {
      d = {
        inherit user;
        group = "acme";
        mode = "0755";
      };
    });
  };
}
