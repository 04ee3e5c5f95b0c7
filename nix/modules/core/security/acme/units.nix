# The units of one certificate: a stand-in, the order, and the timer that renews it.
{
  lib,
  pkgs,
  cfg,
}:
name: cert:
let
  state = "/var/lib/acme";
  own = "${state}/${name}";
  # lego's own folder of this certificate.
  work = "${state}/.lego/${name}";
  # Certificates of the same person at the same authority share an account.
  account = builtins.hashString "md5" (toString [ cert.server cert.email cert.keyType ]);
  accounts = "${state}/.lego/accounts/${account}";
  user = if cfg.useRoot then "root" else "acme";
  names = [ cert.domain ] ++ cert.extraDomainNames;
  isAddress = n: lib.hasInfix ":" n || builtins.match "([0-9]+\\.){3}[0-9]+" n != null;
  # lego writes a star as an underscore in names of files.
  plain = builtins.replaceStrings [ "*" ] [ "_" ] cert.domain;

  challenge =
    if cert.dnsProvider != null then
      [ "--dns" cert.dnsProvider ]
      ++ lib.optional (!cert.dnsPropagationCheck) "--dns.disable-cp"
      ++ lib.optionals (cert.dnsResolver != null) [ "--dns.resolvers" cert.dnsResolver ]
    else if cert.s3Bucket != null then
      [ "--http" "--http.s3-bucket" cert.s3Bucket ]
    else if cert.listenHTTP != null then
      [ "--http" "--http.port" cert.listenHTTP ]
    else
      [ "--http" "--http.webroot" cert.webroot ];
  common =
    [ "--accept-tos" "--path" work "--email" (if cert.email != null then cert.email else "noemail@example.com") ]
    ++ challenge
    ++ lib.optionals (cert.server != null) [ "--server" cert.server ]
    ++ (
      if cert.csr != null then
        [ "--csr" cert.csr ]
      else
        [ "--key-type" cert.keyType ] ++ lib.concatMap (n: [ "-d" n ]) names
    )
    ++ cert.extraLegoFlags;
  staple = lib.optional cert.ocspMustStaple "--must-staple";
  run = lib.escapeShellArgs (common ++ [ "run" ] ++ staple ++ cert.extraLegoRunFlags);
  # Whether it is due is seen here, without the network; lego is not to look again.
  renew = lib.escapeShellArgs (
    common ++ [ "renew" "--no-random-sleep" "--days" "36500" ] ++ staple ++ cert.extraLegoRenewFlags
  );
  # Another one of these makes it another certificate.
  configuration = builtins.hashString "sha256" (run + renew);
  key = if cert.csrKey != null then cert.csrKey else "${work}/certificates/${plain}.key";

  # At most so many at once: each waits for the lock of its place.
  places = if cfg.maxConcurrentRenewals == 0 then 1 else cfg.maxConcurrentRenewals;
  place = lib.mod (lib.lists.findFirstIndex (n: n == name) 0 (lib.attrNames cfg.certs)) places;
  takeTurn = lib.optionalString (cfg.maxConcurrentRenewals > 0) ''
    exec {turn}>/run/acme/${toString place}.lock
    flock "$turn"
  '';
  begin = "${lib.optionalString cert.enableDebugLogs "set -x"}\nset -euo pipefail\n";

  lowPort = cert.listenHTTP != null && lib.toInt (lib.last (lib.splitString ":" cert.listenHTTP)) < 1024;
  hardened = import ../../../hardening.nix // {
    Type = "oneshot";
    User = user;
    Group = cert.group;
    UMask = "0027";
    StateDirectoryMode = "0750";
    WorkingDirectory = "/tmp";
    ProtectSystem = "strict";
    ReadWritePaths = [ state "/run/acme" ] ++ lib.optional (cert.webroot != null && !lib.hasPrefix state cert.webroot) cert.webroot;
    CapabilityBoundingSet = if lowPort then [ "CAP_NET_BIND_SERVICE" ] else [ "" ];
    AmbientCapabilities = lib.optional lowPort "CAP_NET_BIND_SERVICE";
    PrivateDevices = true;
    ProtectClock = true;
    RemoveIPC = true;
    RestrictAddressFamilies = [ "AF_INET" "AF_INET6" "AF_UNIX" "AF_NETLINK" ];
  };

  alternatives = lib.concatMapStringsSep "," (n: "${if isAddress n then "IP" else "DNS"}:${n}") names;
in
{
  services = {
    "acme-${name}" = {
      description = "Certificate of ${name}, or what stands in for it";
      wantedBy = [ "multi-user.target" ];
      after = [ "acme-setup.service" ];
      requires = [ "acme-setup.service" ];
      # The order follows whenever this one starts, with what may have changed in the configuration.
      wants = [ "acme-order-renew-${name}.service" ];
      before = [ "acme-order-renew-${name}.service" ];
      restartTriggers = [ configuration ];
      path = [ pkgs.openssl ];
      unitConfig.StartLimitIntervalSec = 0;
      serviceConfig = hardened // {
        RemainAfterExit = true;
        StateDirectory = "acme/${name}";
      };
      script = ''
        ${begin}
        # A certificate of the authority stays.
        [ ! -e ${own}/acme-success ] || exit 0
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 \
          -subj ${lib.escapeShellArg "/CN=${cert.domain}"} -addext ${lib.escapeShellArg "subjectAltName=${alternatives}"} \
          -keyout ${own}/key.pem -out ${own}/cert.pem
        cp ${own}/cert.pem ${own}/chain.pem
        cp ${own}/cert.pem ${own}/fullchain.pem
        cat ${own}/key.pem ${own}/fullchain.pem > ${own}/full.pem
        chmod 0640 ${own}/*.pem
      '';
    };
    "acme-order-renew-${name}" = {
      description = "Orders and renews the certificate of ${name}";
      after = [
        "network.target"
        "network-online.target"
        "nss-lookup.target"
        "acme-setup.service"
        "acme-${name}.service"
      ];
      wants = [ "network-online.target" "acme-${name}.service" ];
      requires = [ "acme-setup.service" ];
      path = [ pkgs.lego pkgs.openssl pkgs.util-linux pkgs.diffutils pkgs.findutils ];
      serviceConfig = hardened // {
        # Authorities count failures by the hour.
        RestartSec = 900;
        StateDirectory = [ "acme/${name}" "acme/.lego/${name}" "acme/.lego/accounts/${account}" ];
        EnvironmentFile = lib.optional (cert.environmentFile != null) cert.environmentFile;
        Environment = lib.mapAttrsToList (variable: _: "${variable}=%d/${variable}") cert.credentialFiles;
        LoadCredential = lib.mapAttrsToList (variable: file: "${variable}:${file}") cert.credentialFiles;
        ExecStartPost = "+${pkgs.writeShellScript "acme-${name}-post" ''
          cd ${own}
          [ -e renewed ] || exit 0
          rm renewed
          ${cert.postRun}
          ${lib.optionalString (
            cert.reloadServices != [ ]
          ) "systemctl --no-block try-reload-or-restart ${lib.escapeShellArgs cert.reloadServices}"}
        ''}";
      };
      script = ''
        ${begin}
        ${takeTurn}
        new=${work}/certificates/${lib.escapeShellArg plain}.crt

        seconds() { date --date "$(openssl x509 -in "$new" -noout "-$1" | cut --delimiter = --fields 2)" +%s; }
        due() {
          local end rest whole
          end=$(seconds enddate)
          rest=$((end - $(date +%s)))
          whole=$((end - $(seconds startdate)))
          ${
            if cert.validMinDays != null then
              "[ $rest -lt ${toString (cert.validMinDays * 86400)} ]"
            else
              # Certificates of a few days are renewed at half of their time.
              "if [ $whole -lt 864000 ]; then [ $rest -lt $((whole / 2)) ]; else [ $rest -lt $((whole / 3)) ]; fi"
          }
        }

        ln --symbolic --force --no-dereference ${accounts} ${work}/accounts
        if [ -z "$(find ${accounts} -name '*.key')" ]; then
          # One of them opens the account, and the others find it.
          exec {account}>/run/acme/${account}.lock
          flock "$account"
        fi

        if [ "$(cat ${work}/configuration 2>/dev/null)" = ${configuration} ] && [ -e "$new" ] && [ -e ${key} ]; then
          if due && ! lego ${renew}; then
            if [ "$(seconds enddate)" -gt "$(($(date +%s) + 86400))" ]; then
              echo "the certificate of ${name} could not be renewed; the old one is still valid" >&2
            else
              exit 11
            fi
          fi
        elif lego ${run}; then
          echo ${configuration} > ${work}/configuration
        else
          echo "no certificate for ${name}: see whether its names lead here; until then a certificate of this machine stands in" >&2
          exit 10
        fi

        touch ${own}/acme-success
        if ! cmp --silent "$new" ${own}/fullchain.pem; then
          cp "$new" ${own}/fullchain.pem
          cp ${key} ${own}/key.pem
          cp "''${new%.crt}.issuer.crt" ${own}/chain.pem
          ln --symbolic --force fullchain.pem ${own}/cert.pem
          cat ${own}/key.pem ${own}/fullchain.pem > ${own}/full.pem
          chmod 0640 ${own}/fullchain.pem ${own}/key.pem ${own}/chain.pem ${own}/full.pem
          touch ${own}/renewed
        fi
      '';
    };
  };
  timers."acme-renew-${name}" = {
    description = "Renews the certificate of ${name}";
    wantedBy = [ "timers.target" ];
    timerConfig = {
      OnCalendar = cert.renewInterval;
      Unit = "acme-order-renew-${name}.service";
      Persistent = "yes";
      RandomizedDelaySec = cert.renewJitter;
      FixedRandomDelay = true;
    };
  };
}
