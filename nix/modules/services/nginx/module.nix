# nginx.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption mkIf types;
  cfg = config.services.nginx;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag lines maybe;
  locationModule = {
    options = {
      proxyPass = maybe types.str "Address to which requests are passed.";
      proxyWebsockets = flag false "Whether WebSocket connections are passed on.";
      recommendedProxySettings = flag cfg.recommendedProxySettings "Whether the usual headers are passed on.";
      uwsgiPass = maybe types.str "Address of the uwsgi server to which requests are passed.";
      recommendedUwsgiSettings = flag cfg.recommendedUwsgiSettings "Whether the usual parameters are passed on.";
      index = maybe types.str "Index files.";
      tryFiles = maybe types.str "Files tried in order.";
      root = maybe types.path "Root folder.";
      alias = maybe types.path "Folder that replaces the location's path.";
      return = maybe (types.oneOf [ types.str types.int ]) "Answer or redirection.";
      fastcgiParams = mkOption {
        type = types.attrsOf (types.either types.str types.path);
        default = { };
        description = "FastCGI parameters.";
      };
      basicAuth = mkOption {
        type = types.attrsOf types.str;
        default = { };
        description = "Passwords by user, readable in the store.";
      };
      basicAuthFile = maybe types.path "File of users and passwords.";
      extraConfig = lines "Lines of the location's block.";
      priority = mkOption {
        type = types.int;
        default = 1000;
        description = "Order among the locations.";
      };
    };
  };
  listenModule = {
    options = {
      addr = mkOption {
        type = types.str;
        description = "Address.";
      };
      port = maybe types.port "Port.";
      ssl = flag false "Whether connections are encrypted.";
      proxyProtocol = flag false "Whether the proxy protocol is spoken.";
      extraParameters = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Further parameters.";
      };
    };
  };
  hostModule = {
    options = acme.options // {
      serverName = maybe types.str "Name of the host.";
      serverAliases = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Other names of the host.";
      };
      listen = mkOption {
        type = types.listOf (types.submodule listenModule);
        default = [ ];
        description = "Addresses and ports.";
      };
      listenAddresses = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Addresses, on the usual ports.";
      };
      default = flag false "Whether it answers for unknown names.";
      addSSL = flag false "Whether it answers encrypted connections as well.";
      onlySSL = flag false "Whether it answers only encrypted connections.";
      forceSSL = flag false "Whether plain connections are redirected to encrypted ones.";
      acmeFallbackHost = maybe types.str "Server that is asked for challenges which are not here.";
      http2 = flag true "Whether HTTP 2 is spoken.";
      http3 = flag true "Whether HTTP 3 is spoken, where `quic` is on.";
      http3_hq = flag false "Whether HTTP 0.9 over QUIC is spoken, where `quic` is on.";
      quic = flag false "Whether QUIC is spoken; Debian's nginx is too old for that.";
      kTLS = flag false "Whether the kernel encrypts.";
      rejectSSL = flag false "Whether encrypted connections are refused before a certificate is shown.";
      reuseport = flag false "Whether each worker has a socket of its own.";
      redirectCode = mkOption {
        type = types.ints.between 300 399;
        default = 301;
        example = 308;
        description = "Status of redirections by `globalRedirect` and `forceSSL`.";
      };
      sslCertificate = mkOption {
        type = types.path;
        description = "The certificate.";
      };
      sslCertificateKey = mkOption {
        type = types.path;
        description = "The certificate's key.";
      };
      sslTrustedCertificate = maybe types.path "Certificates of the authority.";
      root = maybe types.path "Root folder.";
      globalRedirect = maybe types.str "Host to which everything is redirected.";
      basicAuth = mkOption {
        type = types.attrsOf types.str;
        default = { };
        description = "Passwords by user, readable in the store.";
      };
      basicAuthFile = maybe types.path "File of users and passwords.";
      extraConfig = lines "Lines of the host's block.";
      locations = mkOption {
        type = types.attrsOf (types.submodule locationModule);
        default = { };
        description = "Locations of the host by path.";
      };
    };
  };

  acme = import ./acme.nix { inherit lib config; };
  statement = name: value: lib.optionalString (value != null) "${name} ${toString value};\n";
  passwords =
    auth:
    pkgs.writeText "htpasswd" (
      lib.concatStrings (lib.mapAttrsToList (user: password: "${user}:{PLAIN}${password}\n") auth)
    );
  authText =
    x:
    lib.optionalString (x.basicAuth != { } || x.basicAuthFile != null) (
      "auth_basic secured;\nauth_basic_user_file ${
        if x.basicAuthFile != null then toString x.basicAuthFile else passwords x.basicAuth
      };\n"
    );
  proxyHeaders = ''
    proxy_set_header Host $host;
    proxy_set_header X-Real-IP $remote_addr;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Host $host;
    proxy_set_header X-Forwarded-Server $hostname;
  '';
  webSockets = ''
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade;
  '';
  locationText =
    entry:
    let
      l = entry.value;
    in
    "location ${entry.name} {\n"
    + statement "proxy_pass" l.proxyPass
    + lib.optionalString l.proxyWebsockets webSockets
    + lib.concatStrings (lib.mapAttrsToList (n: v: "fastcgi_param ${n} \"${v}\";\n") l.fastcgiParams)
    + statement "uwsgi_pass" l.uwsgiPass
    + statement "index" l.index
    + statement "try_files" l.tryFiles
    + statement "root" l.root
    + statement "alias" l.alias
    + statement "return" l.return
    + authText l
    + l.extraConfig
    + lib.optionalString (l.proxyPass != null && l.recommendedProxySettings) proxyHeaders
    + lib.optionalString (l.uwsgiPass != null && l.recommendedUwsgiSettings) "include ${cfg.package}/etc/nginx/uwsgi_params;\n"
    + "}\n";
  ordered = lib.sort (a: b: a.value.priority < b.value.priority);
  locationsText =
    locations: lib.concatMapStrings locationText (ordered (lib.attrsToList locations));

  listens =
    host:
    let
      ssl = host.onlySSL || host.addSSL || host.forceSSL || host.rejectSSL;
      addresses =
        if host.listenAddresses != [ ] then host.listenAddresses else cfg.defaultListenAddresses;
      at = port: withSsl: addr: {
        inherit addr port;
        ssl = withSsl;
        proxyProtocol = false;
        extraParameters = [ ];
      };
    in
    if host.listen != [ ] then
      host.listen
    else
      lib.optionals ssl (map (at cfg.defaultSSLListenPort true) addresses)
      ++ lib.optionals (!host.onlySSL) (map (at cfg.defaultHTTPListenPort false) addresses);
  listenText =
    host: l:
    "listen ${l.addr}${lib.optionalString (l.port != null) ":${toString l.port}"}${
      lib.optionalString l.ssl " ssl"
    }${lib.optionalString (l.ssl && host.http2) " http2"}${lib.optionalString host.default " default_server"}${lib.optionalString host.reuseport " reuseport"}${
      lib.optionalString l.proxyProtocol " proxy_protocol"
    }${lib.concatMapStrings (p: " ${p}") l.extraParameters};\n";
  hostText =
    name: host:
    let
      names = lib.concatStringsSep " " ([ (if host.serverName != null then host.serverName else name) ] ++ host.serverAliases);
      all = listens host;
      ssl = host.onlySSL || host.addSSL || host.forceSSL;
      plain = lib.filter (l: !l.ssl) all;
      main = if host.forceSSL then lib.filter (l: l.ssl) all else all;
      challenges = acme.challengeText name host;
      files = acme.files name host;
    in
    lib.optionalString host.forceSSL ''
      server {
      ${lib.concatMapStrings (listenText host) plain}server_name ${names};
      ${challenges}location / { return ${toString host.redirectCode} https://$host$request_uri; }
      }
    ''
    + "server {\n"
    + lib.concatMapStrings (listenText host) main
    + "server_name ${names};\n"
    + statement "root" host.root
    + lib.optionalString (host.globalRedirect != null) "location / { return ${toString host.redirectCode} http${lib.optionalString ssl "s"}://${host.globalRedirect}$request_uri; }\n"
    + challenges
    + lib.optionalString host.rejectSSL "ssl_reject_handshake on;\n"
    + lib.optionalString (ssl && host.kTLS) "ssl_conf_command Options KTLS;\n"
    + lib.optionalString ssl "ssl_certificate ${files.certificate};\nssl_certificate_key ${files.key};\n"
    + lib.optionalString (ssl && files.chain != null) "ssl_trusted_certificate ${files.chain};\n"
    + authText host
    + locationsText host.locations
    + host.extraConfig
    + "}\n";

  upstreamText =
    name: u:
    "upstream ${name} {\n"
    + lib.concatStrings (
      lib.mapAttrsToList (
        server: params:
        "server ${server}${
          lib.concatStrings (
            lib.mapAttrsToList (
              n: v: if v == true then " ${n}" else lib.optionalString (v != false && v != null) " ${n}=${toString v}"
            ) params
          )
        };\n"
      ) u.servers
    )
    + u.extraConfig
    + "}\n";

  httpText = ''
    include ${cfg.package}/etc/nginx/mime.types;
    default_type application/octet-stream;
    ${lib.optionalString cfg.recommendedOptimisation "sendfile on;\ntcp_nopush on;\ntcp_nodelay on;\nkeepalive_timeout 65;\n"}${
      lib.optionalString cfg.recommendedGzipSettings "gzip on;\ngzip_static on;\ngzip_vary on;\ngzip_comp_level 5;\ngzip_min_length 256;\ngzip_proxied expired no-cache no-store private auth;\ngzip_types application/javascript application/json application/xml image/svg+xml text/css text/plain text/xml;\n"
    }${lib.optionalString cfg.recommendedProxySettings "proxy_redirect off;\nproxy_connect_timeout ${cfg.proxyTimeout};\nproxy_send_timeout ${cfg.proxyTimeout};\nproxy_read_timeout ${cfg.proxyTimeout};\nproxy_http_version 1.1;\n"}${
      lib.optionalString cfg.recommendedUwsgiSettings "uwsgi_connect_timeout ${cfg.uwsgiTimeout};\nuwsgi_send_timeout ${cfg.uwsgiTimeout};\nuwsgi_read_timeout ${cfg.uwsgiTimeout};\n"
    }${
      lib.optionalString cfg.recommendedTlsSettings "ssl_session_timeout 1d;\nssl_session_cache shared:SSL:10m;\nssl_session_tickets off;\nssl_prefer_server_ciphers off;\n"
    }map $http_upgrade $connection_upgrade { default upgrade; ''' close; }
    client_max_body_size ${cfg.clientMaxBodySize};
    server_tokens ${if cfg.serverTokens then "on" else "off"};
    client_body_temp_path /var/cache/nginx/client_body;
    proxy_temp_path /var/cache/nginx/proxy;
    fastcgi_temp_path /var/cache/nginx/fastcgi;
    uwsgi_temp_path /var/cache/nginx/uwsgi;
    scgi_temp_path /var/cache/nginx/scgi;
    access_log /var/log/nginx/access.log;
    ${cfg.commonHttpConfig}
    ${lib.concatStrings (lib.mapAttrsToList upstreamText cfg.upstreams)}${
      lib.concatStrings (lib.mapAttrsToList hostText cfg.virtualHosts)
    }${cfg.appendHttpConfig}'';
  configText =
    if cfg.config != "" then
      "pid /run/nginx/nginx.pid;\n${cfg.config}"
    else
      ''
        pid /run/nginx/nginx.pid;
        error_log ${cfg.logError};
        ${cfg.prependConfig}
        events {
        ${cfg.eventsConfig}
        }
        ${
          if cfg.httpConfig != "" then
            "http {\ninclude ${cfg.package}/etc/nginx/mime.types;\n${cfg.commonHttpConfig}\n${cfg.httpConfig}\n}"
          else
            "http {\n${httpText}\n}"
        }
        ${lib.optionalString (cfg.streamConfig != "") "stream {\n${cfg.streamConfig}\n}"}
        ${cfg.appendConfig}
      '';
  # Where the program looks: with reloading a place that stays, so that a change is no other service.
  configPath = if cfg.enableReload then "/etc/nginx/nginx.conf" else configFile;
  # The program itself reads the configuration when it is built, so that a mistake fails the build. A variant of a
  # system is checked when it is switched to: there the running server stays as it is.
  configFile =
    if !cfg.validateConfigFile || config.isSpecialisation then
      pkgs.writeText "nginx.conf" configText
    else
      pkgs.runCommand "nginx.conf"
        {
          text = configText;
          passAsFile = [ "text" ];
        }
        ''
          sed -e 's,/var/log/nginx,'"$TMPDIR"',g; s,/var/cache/nginx,'"$TMPDIR"',g; s,/run/nginx,'"$TMPDIR"',g' \
            -e '/^ *user /d; s/^ *\(ssl_certificate\|ssl_certificate_key\|ssl_trusted_certificate\|ssl_dhparam\) /# &/' \
            "$textPath" > check.conf
          # Only root may bind ports below 1024: others stand for them.
          sed -i -E -e '/^ *listen /s/([ :])([0-9]{1,2})([ ;])/\1200\2\3/' \
            -e '/^ *listen /s/([ :])([0-9]{3})([ ;])/\120\2\3/' check.conf
          if grep -q ' ssl' check.conf; then
            sed -i -e 's/\( ssl\)\( http2\)\{0,1\}/ /' check.conf
          fi
          ${cfg.package}/bin/nginx -t -e stderr -p "$TMPDIR" -c "$PWD/check.conf"
          cp "$textPath" "$out"
        '';
in
{
  options.services.nginx = {
    enable = flag false "Whether nginx runs.";
    package = mkOption {
      type = types.package;
      default = pkgs.nginx;
      defaultText = lib.literalExpression "pkgs.nginx";
      description = "The package of nginx.";
    };
    user = mkOption {
      type = types.str;
      default = "nginx";
      description = "User it runs as.";
    };
    group = mkOption {
      type = types.str;
      default = "nginx";
      description = "Group it runs as.";
    };
    enableReload = flag false "Whether a changed configuration is reloaded instead of restarting.";
    validateConfigFile = flag true "Whether the configuration is checked by nginx when it is built.";
    statusPage = flag false "Whether `/nginx_status` is shown on this machine.";
    recommendedGzipSettings = flag false "Whether text is compressed.";
    recommendedOptimisation = flag false "Whether files are sent in the fastest way.";
    recommendedProxySettings = flag false "Whether the usual headers are passed to proxied servers.";
    recommendedTlsSettings = flag false "Whether encryption is set up as is usual today.";
    recommendedUwsgiSettings = flag false "Whether the usual parameters are passed to uwsgi servers.";
    uwsgiTimeout = mkOption {
      type = types.str;
      default = "60s";
      description = "How long uwsgi servers may take.";
    };
    recommendedBrotliSettings = flag false "Not supported.";
    recommendedZstdSettings = flag false "Not supported.";
    serverTokens = flag false "Whether the version is shown.";
    proxyTimeout = mkOption {
      type = types.str;
      default = "60s";
      description = "How long proxied servers may take.";
    };
    clientMaxBodySize = mkOption {
      type = types.str;
      default = "10m";
      description = "Size of the largest request.";
    };
    defaultListenAddresses = mkOption {
      type = types.listOf types.str;
      default = [ "0.0.0.0" ] ++ lib.optional config.networking.enableIPv6 "[::0]";
      description = "Addresses of hosts that name none.";
    };
    defaultHTTPListenPort = mkOption {
      type = types.port;
      default = 80;
      description = "Port of plain connections.";
    };
    defaultSSLListenPort = mkOption {
      type = types.port;
      default = 443;
      description = "Port of encrypted connections.";
    };
    additionalModules = mkOption {
      type = types.listOf types.raw;
      default = [ ];
      description = "Further modules; Debian's nginx loads its own.";
    };
    logError = mkOption {
      type = types.str;
      default = "stderr";
      description = "Where errors are logged.";
    };
    config = lines "The whole configuration, in place of all other options.";
    prependConfig = lines "Lines before everything else.";
    appendConfig = lines "Lines after everything else.";
    eventsConfig = lines "Lines of the `events` block.";
    commonHttpConfig = lines "Lines at the beginning of the `http` block.";
    appendHttpConfig = lines "Lines at the end of the `http` block.";
    httpConfig = lines "The whole `http` block, in place of hosts.";
    streamConfig = lines "Lines of the `stream` block.";
    preStart = lines "Shell commands run before the start.";
    upstreams = mkOption {
      type = types.attrsOf (
        types.submodule {
          options = {
            servers = mkOption {
              type = types.attrsOf (
                types.submodule {
                  freeformType = types.attrsOf (types.nullOr (types.oneOf [ types.bool types.int types.str ]));
                }
              );
              default = { };
              description = "Servers by address.";
            };
            extraConfig = lines "Lines of the block.";
          };
        }
      );
      default = { };
      description = "Groups of servers.";
    };
    virtualHosts = mkOption {
      type = types.attrsOf (types.submodule hostModule);
      default = { };
      example = lib.literalExpression ''{ "example.org" = { root = "/srv/www"; locations."/".index = "index.html"; }; }'';
      description = "Hosts by name.";
    };
  };
  config = mkIf cfg.enable {
    assertions = lib.mapAttrsToList (name: host: {
      assertion = !(host.rejectSSL && (host.addSSL || host.onlySSL || host.forceSSL));
      message = "services.nginx.virtualHosts.${name}: `rejectSSL' refuses what `addSSL', `onlySSL' and `forceSSL' ask for: choose one.";
    }) cfg.virtualHosts;
    warnings = lib.mapAttrsToList (
      name: _:
      "services.nginx.virtualHosts.${name}.quic has no effect: Debian's nginx ${cfg.package.version or ""} does not speak QUIC."
    ) (lib.filterAttrs (_: host: host.quic) cfg.virtualHosts);
    services.nginx.virtualHosts.localhost = mkIf cfg.statusPage {
      serverAliases = [ "127.0.0.1" ] ++ lib.optional config.networking.enableIPv6 "[::1]";
      locations."/nginx_status".extraConfig = ''
        stub_status on;
        access_log off;
        allow 127.0.0.1;
        ${lib.optionalString config.networking.enableIPv6 "allow ::1;"}
        deny all;
      '';
    };
    security.acme.certs = acme.certificates;
    users.users = mkIf (cfg.user == "nginx") {
      nginx = {
        group = cfg.group;
        isSystemUser = true;
        uid = 60;
      };
    };
    users.groups = mkIf (cfg.group == "nginx") { nginx.gid = 60; };
    environment.etc."nginx/nginx.conf" = mkIf cfg.enableReload { source = configFile; };
    # Its start is the reload. A file that nginx refuses fails this service; the server goes on with the old one.
    systemd.services.nginx-config-reload = mkIf cfg.enableReload {
      description = "Reload of nginx' configuration";
      wantedBy = [ "multi-user.target" ];
      wants = [ "nginx.service" ];
      after = acme.standIns;
      restartTriggers = [ configFile ];
      unitConfig.StartLimitIntervalSec = 0;
      serviceConfig = {
        Type = "oneshot";
        TimeoutSec = 60;
        ExecCondition = "/run/current-system/systemd/bin/systemctl -q is-active nginx.service";
        ExecStart = "/run/current-system/systemd/bin/systemctl reload nginx.service";
      };
    };
    systemd.services.nginx = {
      description = "Nginx Web Server";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ] ++ acme.standIns;
      wants = acme.standIns;
      # Challenges are answered by this server.
      before = acme.orders;
      stopIfChanged = false;
      preStart = cfg.preStart;
      startLimitIntervalSec = 60;
      serviceConfig = {
        # Started when it listens, so that whoever waits for the unit can connect.
        Type = "forking";
        PIDFile = "/run/nginx/nginx.pid";
        ExecStart = "${cfg.package}/bin/nginx -e stderr -c ${configPath}";
        ExecReload = [
          "${cfg.package}/bin/nginx -t -e stderr -c ${configPath}"
          "${pkgs.procps}/bin/kill -HUP $MAINPID"
        ];
        Restart = "always";
        RestartSec = "10s";
        User = cfg.user;
        Group = cfg.group;
        RuntimeDirectory = "nginx";
        RuntimeDirectoryMode = "0750";
        CacheDirectory = "nginx";
        CacheDirectoryMode = "0750";
        LogsDirectory = "nginx";
        LogsDirectoryMode = "0750";
        UMask = "0027";
        AmbientCapabilities = [ "CAP_NET_BIND_SERVICE" "CAP_SYS_RESOURCE" ];
        CapabilityBoundingSet = [ "CAP_NET_BIND_SERVICE" "CAP_SYS_RESOURCE" ];
        NoNewPrivileges = true;
        ProtectSystem = "strict";
        ProtectHome = lib.mkDefault true;
        PrivateTmp = true;
        PrivateDevices = true;
        ProtectHostname = true;
        ProtectClock = true;
        ProtectKernelTunables = true;
        ProtectKernelModules = true;
        ProtectKernelLogs = true;
        ProtectControlGroups = true;
        RestrictAddressFamilies = [ "AF_UNIX" "AF_INET" "AF_INET6" ];
        RestrictNamespaces = true;
        LockPersonality = true;
        RestrictRealtime = true;
        RestrictSUIDSGID = true;
        RemoveIPC = true;
        PrivateMounts = true;
        SystemCallArchitectures = "native";
      };
    };
  };
}
