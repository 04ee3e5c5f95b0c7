# The Apache HTTP server.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) lines text;
  cfg = config.services.httpd;
  hosts = lib.mapAttrsToList (
    name: host:
    let
      folder = certificates.folder name;
    in
    host
    // { answersChallenges = certificates.answers name; }
    // lib.optionalAttrs (folder != null) {
      sslServerCert = "${folder}/fullchain.pem";
      sslServerKey = "${folder}/key.pem";
      sslServerChain = null;
    }
  ) cfg.virtualHosts;
  webCertificates = import ../../web-certificates.nix { inherit lib config; };
  certificates = webCertificates.forHosts {
    unit = "httpd.service";
    inherit (cfg) group;
    hosts = cfg.virtualHosts;
    nameOf = _: host: host.hostName;
  };
  challengeText = host: lib.optionalString host.answersChallenges ''
    Alias /.well-known/acme-challenge/ "${host.acmeRoot}/.well-known/acme-challenge/"
    <Directory "${host.acmeRoot}">
      AllowOverride None
      Options None
      Require all granted
    </Directory>
  '';
  listenModule.options = {
    ip = text "*" "Address.";
    port = mkOption {
      type = types.port;
      description = "Port.";
    };
    ssl = lib.mkEnableOption "TLS";
  };
  locationModule.options = {
    proxyPass = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "Server that answers.";
    };
    index = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "File for folders.";
    };
    alias = mkOption {
      type = types.nullOr types.path;
      default = null;
      description = "Folder that is shown.";
    };
    priority = mkOption {
      type = types.int;
      default = 1000;
      description = "Order of locations.";
    };
    extraConfig = lines "Lines of the location.";
  };
  directory.options = {
    dir = mkOption {
      type = types.path;
      description = "Folder.";
    };
    urlPath = mkOption {
      type = types.str;
      description = "Path under which it is shown.";
    };
  };
  hostModule =
    { name, config, ... }:
    {
      options = webCertificates.options // {
        hostName = text name "Name of the host.";
        serverAliases = mkOption {
          type = types.listOf types.str;
          default = [ ];
          description = "Further names of the host.";
        };
        listen = mkOption {
          type = types.listOf (types.submodule listenModule);
          default = [ ];
          description = "Addresses and ports; by default 80, or 443 with TLS.";
        };
        listenAddresses = mkOption {
          type = types.listOf types.str;
          default = [ "*" ];
          description = "Addresses for the usual ports.";
        };
        addSSL = lib.mkEnableOption "TLS beside plain HTTP";
        onlySSL = lib.mkEnableOption "TLS instead of plain HTTP";
        forceSSL = lib.mkEnableOption "a redirection from plain HTTP to TLS";
        enableSSL = mkOption {
          type = types.bool;
          default = false;
          visible = false;
          description = "Older form of `onlySSL`.";
        };
        http2 = mkOption {
          type = types.bool;
          default = true;
          description = "Whether HTTP/2 is spoken.";
        };
        sslServerCert = mkOption {
          type = types.nullOr types.path;
          default = null;
          description = "The certificate.";
        };
        sslServerKey = mkOption {
          type = types.nullOr types.path;
          default = null;
          description = "Its key.";
        };
        sslServerChain = mkOption {
          type = types.nullOr types.path;
          default = null;
          description = "The certificates between.";
        };
        adminAddr = mkOption {
          type = types.nullOr types.str;
          default = null;
          description = "Address of whoever is in charge.";
        };
        documentRoot = mkOption {
          type = types.nullOr types.path;
          default = null;
          description = "Folder that is shown.";
        };
        servedDirs = mkOption {
          type = types.listOf (types.submodule directory);
          default = [ ];
          description = "Further folders.";
        };
        servedFiles = mkOption {
          type = types.listOf types.attrs;
          default = [ ];
          description = "Single files: `file` and `urlPath`.";
        };
        enableUserDir = lib.mkEnableOption "`~/public_html` of users";
        globalRedirect = mkOption {
          type = types.nullOr types.str;
          default = null;
          description = "Where all requests are sent.";
        };
        logFormat = text "common" "Format of the host's log.";
        robotsEntries = lines "Lines of `robots.txt`.";
        locations = mkOption {
          type = types.attrsOf (types.submodule locationModule);
          default = { };
          description = "What is special below some paths.";
        };
        extraConfig = lines "Lines of the host.";
      };
    };
  onlyTls = host: host.onlySSL || host.enableSSL;
  usual =
    host: map (ip: { inherit ip; port = if onlyTls host then 443 else 80; ssl = onlyTls host; }) host.listenAddresses
    ++ lib.optionals (host.addSSL || host.forceSSL) (map (ip: { inherit ip; port = 443; ssl = true; }) host.listenAddresses);
  listens = host: if host.listen != [ ] then host.listen else usual host;
  address = l: "${if lib.hasInfix ":" l.ip && !lib.hasPrefix "[" l.ip then "[${l.ip}]" else l.ip}:${toString l.port}";
  anyTls = lib.any (host: lib.any (l: l.ssl) (listens host)) hosts;
  location =
    path: l:
    lib.optionalString (l.proxyPass != null) "<Location ${path}>\n  ProxyPass ${l.proxyPass}\n  ProxyPassReverse ${l.proxyPass}\n</Location>\n"
    + lib.optionalString (l.alias != null) "Alias ${path} \"${l.alias}\"\n<Directory \"${l.alias}\">\n  Require all granted\n</Directory>\n"
    + lib.optionalString (l.index != null) "<Location ${path}>\n  DirectoryIndex ${l.index}\n</Location>\n"
    + lib.optionalString (l.extraConfig != "") "<Location ${path}>\n${l.extraConfig}\n</Location>\n";
  folder = dir: ''
    <Directory "${dir}">
      Options Indexes FollowSymLinks
      AllowOverride None
      Require all granted
    </Directory>
  '';
  site =
    host: l:
    let
      redirect = host.forceSSL && !l.ssl;
      root = if host.documentRoot == null then emptyRoot else host.documentRoot;
    in
    "<VirtualHost ${address l}>\n  ServerName ${host.hostName}\n"
    + lib.optionalString (host.serverAliases != [ ]) "  ServerAlias ${toString host.serverAliases}\n"
    + lib.optionalString (admin host != null) "  ServerAdmin ${admin host}\n"
    + lib.optionalString l.ssl ''
      SSLEngine on
      SSLCertificateFile ${host.sslServerCert}
      SSLCertificateKeyFile ${host.sslServerKey}
      ${lib.optionalString (host.sslServerChain != null) "SSLCertificateChainFile ${host.sslServerChain}"}
      ${lib.optionalString host.http2 "Protocols h2 h2c http/1.1"}
    ''
    + challengeText host
    + (
      if redirect then
        "RewriteEngine on\n${lib.optionalString host.answersChallenges "RewriteCond %{REQUEST_URI} !^/\\.well-known/acme-challenge/\n"}RewriteRule ^ https://%{SERVER_NAME}%{REQUEST_URI} [R=301,L]\n"
      else
        lib.optionalString (host.robotsEntries != "") "Alias /robots.txt ${pkgs.writeText "robots.txt" host.robotsEntries}\n"
        + lib.optionalString (host.logFormat != "none") "CustomLog ${cfg.logDir}/access-${host.hostName}.log ${host.logFormat}\n"
        + "DocumentRoot \"${root}\"\n${folder root}"
        + lib.optionalString host.enableUserDir "UserDir public_html\n<Directory \"/home/*/public_html\">\n  Require all granted\n</Directory>\n"
        + lib.optionalString (host.globalRedirect != null) "RedirectPermanent / ${host.globalRedirect}\n"
        + lib.concatMapStrings (f: "Alias ${f.urlPath} ${f.file}\n") host.servedFiles
        + lib.concatMapStrings (d: "Alias ${d.urlPath} ${d.dir}/\n${folder d.dir}") host.servedDirs
        + lib.concatStrings (
          map (entry: location entry.name entry.value) (
            lib.sort (a: b: a.value.priority < b.value.priority) (lib.attrsToList host.locations)
          )
        )
        + host.extraConfig + "\n"
    )
    + "</VirtualHost>\n";
  admin = host: if host.adminAddr != null then host.adminAddr else cfg.adminAddr;
  emptyRoot = pkgs.runCommand "empty" { } "mkdir -p $out";
  # Debian's build has these inside.
  builtinModules = [ "core" "so" "http" "log_config" "logio" "version" "unixd" "watchdog" ];
  modules = lib.subtractLists builtinModules (
    lib.unique (
      [
        "alias" "auth_basic" "authn_core" "authn_file" "authz_core" "authz_groupfile" "authz_host" "authz_user" "autoindex"
        "deflate" "dir" "env" "expires" "filter" "headers" "http2" "info" "mime" "negotiation" "remoteip" "reqtimeout"
        "rewrite" "setenvif" "status" "socache_shmcb" "slotmem_shm" "proxy" "proxy_http" "proxy_fcgi" "cgi" "userdir"
      ]
      ++ [ "mpm_${cfg.multiProcessingModule}" ]
      ++ lib.optional anyTls "ssl"
      ++ lib.filter lib.isString cfg.extraModules
    )
  );
  others = lib.filter (module: !lib.isString module) cfg.extraModules
    ++ lib.optional cfg.enablePHP {
      name = "php";
      path = "${cfg.phpPackage}/modules/libphp.so";
    };
  ports = lib.unique (map address (lib.concatMap listens hosts));
  file = pkgs.writeText "httpd.conf" ''
    ServerRoot ${cfg.package}
    ServerName ${config.networking.hostName}
    DefaultRuntimeDir /run/httpd
    PidFile /run/httpd/httpd.pid
    Mutex file:/run/httpd
    <IfModule prefork.c>
      MaxRequestsPerChild ${toString cfg.maxRequestsPerChild}
    </IfModule>
    ${lib.concatMapStrings (where: "Listen ${where}\n") ports}
    User ${cfg.user}
    Group ${cfg.group}
    ${lib.concatMapStrings (m: "LoadModule ${m}_module ${cfg.package}/lib/apache2/modules/mod_${m}.so\n") modules}
    ${lib.concatMapStrings (m: "LoadModule ${m.name}_module ${m.path}\n") others}
    ServerTokens Prod
    AddHandler type-map var
    <Files ~ "^\.ht">
      Require all denied
    </Files>
    <Directory />
      Options FollowSymLinks
      AllowOverride None
      Require all denied
    </Directory>
    TypesConfig /etc/mime.types
    DirectoryIndex index.html
    LogFormat "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-agent}i\"" combined
    LogFormat "%h %l %u %t \"%r\" %>s %b" common
    LogFormat "%{Referer}i -> %U" referer
    LogFormat "%{User-agent}i" agent
    ErrorLog "|${pkgs.coreutils}/bin/cat >&2"
    <IfModule ssl_module>
      SSLProtocol ${cfg.sslProtocols}
      SSLCipherSuite ${cfg.sslCiphers}
      SSLHonorCipherOrder on
    </IfModule>
    ${cfg.extraConfig}
    ${lib.concatMapStrings (host: lib.concatMapStrings (site host) (listens host)) hosts}
  '';
in
{
  options.services.httpd = {
    enable = lib.mkEnableOption "the Apache HTTP server";
    package = lib.mkPackageOption pkgs "apacheHttpd" { };
    configFile = mkOption {
      type = types.path;
      default = file;
      defaultText = lib.literalMD "made from the other options";
      description = "The configuration.";
    };
    user = text "wwwrun" "User it runs as.";
    group = text "wwwrun" "Group it runs as.";
    adminAddr = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "Address of whoever is in charge.";
    };
    logFormat = text "common" "Format of the log.";
    logPerVirtualHost = mkOption {
      type = types.bool;
      default = true;
      visible = false;
      description = "Each host has a log of its own.";
    };
    logDir = mkOption {
      type = types.path;
      default = "/var/log/httpd";
      description = "Folder of logs.";
    };
    extraModules = mkOption {
      type = types.listOf types.unspecified;
      default = [ ];
      example = [ "proxy_balancer" ];
      description = "Further modules: names, or sets of `name` and `path`.";
    };
    extraConfig = lines "Lines of the configuration.";
    virtualHosts = mkOption {
      type = types.attrsOf (types.submodule hostModule);
      default = { localhost.documentRoot = "${cfg.package}/share/apache2/default-site"; };
      defaultText = lib.literalMD "one that shows a folder of the package";
      description = "Hosts by name.";
    };
    multiProcessingModule = mkOption {
      type = types.enum [ "event" "prefork" "worker" ];
      default = if cfg.enablePHP then "prefork" else "event";
      defaultText = lib.literalExpression ''"event"'';
      description = "How requests are shared between processes.";
    };
    mpm = mkOption {
      type = types.enum [ "event" "prefork" "worker" ];
      default = cfg.multiProcessingModule;
      visible = false;
      description = "Newer name of `multiProcessingModule`.";
    };
    maxClients = mkOption {
      type = types.int;
      default = 150;
      description = "How many requests at once.";
    };
    maxRequestsPerChild = mkOption {
      type = types.int;
      default = 0;
      description = "After how many requests a process is replaced; 0 for never.";
    };
    enablePHP = lib.mkEnableOption "PHP inside the server; php-fpm (`services.phpfpm`) is the usual way";
    phpPackage = lib.mkPackageOption pkgs "php" { };
    sslCiphers = text "HIGH:!aNULL:!MD5:!EXP" "Ciphers of TLS.";
    sslProtocols = text "All -SSLv2 -SSLv3 -TLSv1 -TLSv1.1" "Versions of TLS.";
  };
  config = lib.mkIf cfg.enable {
    assertions = map (host: {
      assertion = !lib.any (l: l.ssl) (listens host) || host.sslServerCert != null && host.sslServerKey != null;
      message = "services.httpd.virtualHosts.${host.hostName}: TLS needs sslServerCert and sslServerKey.";
    }) hosts;
    environment.systemPackages = [ cfg.package ];
    environment.etc."httpd/httpd.conf".source = cfg.configFile;
    environment.etc."mime.types".source = lib.mkDefault "${pkgs.debian.media-types}/etc/mime.types";
    security.acme.certs = certificates.certificates;
    users.users = lib.mkIf (cfg.user == "wwwrun") {
      wwwrun = {
        group = cfg.group;
        description = "Apache httpd user";
        isSystemUser = true;
      };
    };
    users.groups = lib.mkIf (cfg.group == "wwwrun") { wwwrun = { }; };
    systemd.tmpfiles.rules = [ "d '${cfg.logDir}' 0700 ${cfg.user} ${cfg.group}" ];
    systemd.services.httpd = {
      description = "Apache HTTPD";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" "systemd-tmpfiles-setup.service" ] ++ certificates.standIns;
      wants = [ "network.target" ] ++ certificates.standIns;
      before = certificates.orders;
      path = [ cfg.package pkgs.coreutils pkgs.gnugrep ];
      reloadTriggers = [ cfg.configFile ];
      serviceConfig = {
        Type = "forking";
        PIDFile = "/run/httpd/httpd.pid";
        ExecStart = "${cfg.package}/bin/apache2 -f /etc/httpd/httpd.conf";
        ExecReload = "${cfg.package}/bin/apache2 -f /etc/httpd/httpd.conf -k graceful";
        ExecStop = "${cfg.package}/bin/apache2 -f /etc/httpd/httpd.conf -k graceful-stop";
        RuntimeDirectory = "httpd";
        Restart = "always";
        RestartSec = "5s";
      };
    };
  };
}
