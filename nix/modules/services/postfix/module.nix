# Postfix: a mail server.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.postfix;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag lines maybe text;
  list = type: mkOption {
    type = types.nullOr (types.listOf type);
    default = null;
    description = "Older option: a setting of `main.cf`.";
  };
  atom = types.oneOf [ types.bool types.int types.str types.path ];
  show = value: if lib.isBool value then (if value then "yes" else "no") else if lib.isList value then lib.concatStringsSep ", " (map show value) else toString value;
  # A value of several lines goes on where lines begin with a space.
  setting = name: value: "${name} = ${lib.replaceStrings [ "\n" ] [ "\n  " ] (lib.removeSuffix "\n" (show value))}\n";
  mainCf = pkgs.writeText "postfix-main.cf" (
    lib.concatStrings (lib.mapAttrsToList setting (lib.filterAttrs (_: value: value != null) cfg.settings.main)) + cfg.extraConfig
  );

  masterOptions =
    { name, ... }:
    {
      options = {
        name = text name "Name of the service.";
        type = mkOption {
          type = types.enum [ "inet" "unix" "unix-dgram" "fifo" "pass" ];
          default = "unix";
          description = "What it is reached by.";
        };
        private = flag true "Whether only Postfix reaches it.";
        privileged = flag false "Whether it runs as root.";
        chroot = flag false "Whether it is locked into the queue's folder.";
        wakeup = mkOption {
          type = types.int;
          default = 0;
          description = "Seconds after which it is woken; 0 for never.";
        };
        wakeupUnusedComponent = flag true "Whether that is done before it was used.";
        maxproc = maybe types.int "How many processes; null for Postfix' default.";
        command = text name "The program.";
        args = mkOption {
          type = types.listOf types.str;
          default = [ ];
          description = "Its arguments.";
        };
        rawEntry = mkOption {
          type = types.listOf types.str;
          default = [ ];
          internal = true;
          description = "The entry's words, instead of all others.";
        };
      };
    };
  letter = value: normal: if value == normal then "-" else if value then "y" else "n";
  wakeup = s: if s.wakeup == 0 then "-" else toString s.wakeup + lib.optionalString (!s.wakeupUnusedComponent) "?";
  masterLine =
    s:
    if s.rawEntry != [ ] then
      lib.concatStringsSep " " s.rawEntry + "\n"
    else
      lib.concatStringsSep " " (
        [
          s.name
          s.type
          (letter s.private true)
          (if s.privileged then "n" else "-")
          (if s.chroot then "y" else "n")
          (wakeup s)
          (if s.maxproc == null then "-" else toString s.maxproc)
          s.command
        ]
      )
      + lib.optionalString (s.args != [ ]) ("\n  " + lib.concatStringsSep "\n  " (joined s.args))
      + "\n";
  # An option and its value stand on one line.
  joined =
    args:
    if args == [ ] then
      [ ]
    else if lib.hasPrefix "-" (lib.head args) && lib.length args > 1 && !lib.hasPrefix "-" (lib.elemAt args 1) then
      [ "${lib.head args} ${lib.elemAt args 1}" ] ++ joined (lib.drop 2 args)
    else
      [ (lib.head args) ] ++ joined (lib.tail args);
  masterCf = pkgs.writeText "postfix-master.cf" (
    lib.concatMapStrings masterLine (lib.attrValues cfg.settings.master) + cfg.extraMasterConf
  );
  optionArgs = options: lib.concatLists (lib.mapAttrsToList (name: value: [ "-o" "${name}=${value}" ]) options);

  aliases = pkgs.writeText "postfix-aliases" (
    lib.optionalString (cfg.postmasterAlias != "") "postmaster: ${cfg.postmasterAlias}\n"
    + lib.optionalString (cfg.rootAlias != "") "root: ${cfg.rootAlias}\n"
    + cfg.extraAliases
  );
  maps =
    cfg.mapFiles
    // lib.optionalAttrs (cfg.virtual != "") { virtual = pkgs.writeText "postfix-virtual" cfg.virtual; }
    // lib.optionalAttrs (cfg.transport != "") { transport = pkgs.writeText "postfix-transport" cfg.transport; }
    // lib.optionalAttrs (cfg.canonical != "") { canonical = pkgs.writeText "postfix-canonical" cfg.canonical; }
    // lib.optionalAttrs cfg.enableHeaderChecks {
      header_checks = pkgs.writeText "postfix-header-checks" (
        lib.concatMapStrings (check: "${check.pattern} ${check.action}\n") cfg.headerChecks
      );
    };
  tableNames = lib.attrNames maps;
  aliasFiles = { aliases = aliases; } // cfg.aliasFiles;
  hashed = name: "hash:/etc/postfix/${name}";
  old = {
    myhostname = if cfg.hostname == "" then null else cfg.hostname;
    mydomain = if cfg.domain == "" then null else cfg.domain;
    myorigin = if cfg.origin == "" then null else cfg.origin;
    mydestination = cfg.destination;
    mynetworks = cfg.networks;
    mynetworks_style = if cfg.networksStyle == "" then null else cfg.networksStyle;
    relay_domains = cfg.relayDomains;
    relayhost = if cfg.relayHost == "" then null else if cfg.lookupMX then "${cfg.relayHost}:${toString cfg.relayPort}" else "[${cfg.relayHost}]:${toString cfg.relayPort}";
    recipient_delimiter = if cfg.recipientDelimiter == "" then null else cfg.recipientDelimiter;
    local_recipient_maps = if cfg.localRecipients == null then null else map (name: name) cfg.localRecipients ++ [ "$alias_maps" ];
  };
  queue = "/var/lib/postfix/queue";
in
{
  imports = [
    (lib.mkRenamedOptionModule [ "services" "postfix" "config" ] [ "services" "postfix" "settings" "main" ])
    (lib.mkRenamedOptionModule [ "services" "postfix" "masterConfig" ] [ "services" "postfix" "settings" "master" ])
  ];
  options.services.postfix = {
    enable = flag false "Whether Postfix runs.";
    package = lib.mkPackageOption pkgs "postfix" { };
    enableSmtp = flag true "Whether mail is taken on port 25.";
    enableSubmission = flag false "Whether users' mail is taken on port 587, by STARTTLS.";
    enableSubmissions = flag false "Whether users' mail is taken on port 465, by TLS.";
    submissionOptions = mkOption {
      type = types.attrsOf types.str;
      default = {
        smtpd_tls_security_level = "encrypt";
        smtpd_sasl_auth_enable = "yes";
        smtpd_client_restrictions = "permit_sasl_authenticated,reject";
        milter_macro_daemon_name = "ORIGINATING";
      };
      description = "Settings of port 587.";
    };
    submissionsOptions = mkOption {
      type = types.attrsOf types.str;
      default = {
        smtpd_sasl_auth_enable = "yes";
        smtpd_client_restrictions = "permit_sasl_authenticated,reject";
        milter_macro_daemon_name = "ORIGINATING";
      };
      description = "Settings of port 465.";
    };
    setSendmail = flag true "Whether it is the system's `sendmail`.";
    user = text "postfix" "User it runs as.";
    group = text "postfix" "Group it runs as.";
    setgidGroup = text "postdrop" "Group that may put mail into the queue.";
    networks = list types.str;
    networksStyle = text "" "Older option: `settings.main.mynetworks_style`.";
    hostname = text "" "Older option: `settings.main.myhostname`.";
    domain = text "" "Older option: `settings.main.mydomain`.";
    origin = text "" "Older option: `settings.main.myorigin`.";
    destination = list types.str;
    relayDomains = list types.str;
    relayHost = text "" "Older option: `settings.main.relayhost`.";
    relayPort = mkOption {
      type = types.int;
      default = 25;
      description = "Older option: the port of `relayHost`.";
    };
    lookupMX = flag false "Older option: whether `relayHost` is a domain.";
    postmasterAlias = text "root" "Who gets the postmaster's mail.";
    rootAlias = text "" "Who gets root's mail.";
    extraAliases = lines "Lines of the aliases.";
    aliasMapType = text "hash" "Kind of the table of aliases.";
    settings.main = mkOption {
      type = types.submodule { freeformType = types.attrsOf (types.nullOr (types.either atom (types.listOf atom))); };
      default = { };
      description = "Settings of `main.cf`.";
    };
    settings.master = mkOption {
      type = types.attrsOf (types.submodule masterOptions);
      default = { };
      description = "Services of `master.cf`.";
    };
    extraConfig = lines "Lines of `main.cf`.";
    extraMasterConf = lines "Lines of `master.cf`.";
    tlsTrustedAuthorities = text "${config.security.pki.caBundle}" "File of authorities that are trusted.";
    sslCACert = text "" "Older option: file of authorities.";
    sslCert = text "" "File of the server's certificate.";
    sslKey = text "" "File of the server's key.";
    recipientDelimiter = text "" "Older option: `settings.main.recipient_delimiter`.";
    canonical = lines "Lines of the table `canonical`.";
    virtual = lines "Lines of the table `virtual`.";
    virtualMapType = text "hash" "Kind of that table.";
    localRecipients = list types.str;
    transport = lines "Lines of the table `transport`.";
    dnsBlacklists = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Lists of senders that are refused.";
    };
    dnsBlacklistOverrides = lines "Lines of the table of senders that are taken nevertheless.";
    enableHeaderChecks = flag false "Whether headers are checked.";
    headerChecks = mkOption {
      type = types.listOf (
        types.submodule {
          options.pattern = text "/^.*/" "Pattern of a header.";
          options.action = text "DUNNO" "What is done.";
        }
      );
      default = [ ];
      description = "Checks of headers.";
    };
    useSrs = flag false "Whether senders are rewritten (postsrsd).";
    useDane = flag false "Older option: whether other servers' keys are checked by DNS.";
    aliasFiles = mkOption {
      type = types.attrsOf types.path;
      default = { };
      description = "Tables of aliases, compiled into `/etc/postfix`.";
    };
    mapFiles = mkOption {
      type = types.attrsOf types.path;
      default = { };
      description = "Tables, compiled into `/etc/postfix`.";
    };
  };
  config = lib.mkIf cfg.enable {
    environment.etc.postfix.source = "/var/lib/postfix/conf";
    environment.systemPackages = [ cfg.package ];
    # Ways to log in, which SASL looks for in `/usr`.
    system.usrPackages = [ pkgs.debian.libsasl2-modules ];
    services.mail.sendmailSetuidWrapper = lib.mkIf cfg.setSendmail config.security.wrappers.sendmail;
    security.wrappers =
      let
        setgid = program: {
          source = "${cfg.package}/bin/${program}";
          owner = "root";
          group = cfg.setgidGroup;
          setuid = false;
          setgid = true;
        };
      in
      {
        sendmail = setgid "sendmail";
        mailq = setgid "sendmail";
        postqueue = setgid "postqueue";
        postdrop = setgid "postdrop";
      };
    users.users = lib.mkIf (cfg.user == "postfix") {
      postfix = {
        description = "Postfix mail server user";
        isSystemUser = true;
        group = cfg.group;
      };
    };
    users.groups =
      lib.optionalAttrs (cfg.group == "postfix") { postfix = { }; }
      // lib.optionalAttrs (cfg.setgidGroup == "postdrop") { postdrop = { }; };
    services.postfix.settings.main = lib.mapAttrs (_: lib.mkDefault) (
      lib.filterAttrs (_: value: value != null) old
    )
    // lib.mapAttrs (_: lib.mkDefault) {
      compatibility_level = lib.versions.majorMinor cfg.package.version;
      mail_owner = cfg.user;
      setgid_group = cfg.setgidGroup;
      default_privs = "nobody";
      data_directory = "/var/lib/postfix/data";
      queue_directory = queue;
      command_directory = "${cfg.package}/bin";
      daemon_directory = "${cfg.package}/lib/postfix/sbin";
      shlib_directory = "${cfg.package}/lib/postfix";
      meta_directory = "${cfg.package}/etc/postfix";
      sendmail_path = "/run/wrappers/bin/sendmail";
      newaliases_path = "${cfg.package}/bin/newaliases";
      mailq_path = "/run/wrappers/bin/mailq";
      mail_spool_directory = "/var/spool/mail/";
      alias_maps = [ "${cfg.aliasMapType}:/etc/postfix/aliases" ];
      alias_database = [ "${cfg.aliasMapType}:/etc/postfix/aliases" ];
      tls_random_source = "dev:/dev/urandom";
      inet_protocols = if config.networking.enableIPv6 then "all" else "ipv4";
      smtpd_relay_restrictions = [ "permit_mynetworks" "permit_sasl_authenticated" "reject_unauth_destination" ];
      smtp_tls_CAfile = cfg.tlsTrustedAuthorities;
      smtp_tls_security_level = if cfg.useDane then "dane" else "may";
    }
    // lib.optionalAttrs cfg.useDane { smtp_dns_support_level = lib.mkDefault "dnssec"; }
    // lib.optionalAttrs (cfg.sslCert != "") (
      lib.mapAttrs (_: lib.mkDefault) {
        smtpd_tls_cert_file = cfg.sslCert;
        smtpd_tls_key_file = cfg.sslKey;
        smtp_tls_cert_file = cfg.sslCert;
        smtp_tls_key_file = cfg.sslKey;
        smtpd_tls_CAfile = if cfg.sslCACert == "" then cfg.tlsTrustedAuthorities else cfg.sslCACert;
        smtpd_tls_security_level = "may";
      }
    )
    // lib.optionalAttrs (cfg.virtual != "") { virtual_alias_maps = lib.mkDefault [ (hashed "virtual") ]; }
    // lib.optionalAttrs (cfg.transport != "") { transport_maps = lib.mkDefault [ (hashed "transport") ]; }
    // lib.optionalAttrs (cfg.canonical != "") { canonical_maps = lib.mkDefault [ (hashed "canonical") ]; }
    // lib.optionalAttrs cfg.enableHeaderChecks {
      header_checks = lib.mkDefault [ "regexp:/etc/postfix/header_checks" ];
    }
    // lib.optionalAttrs (cfg.dnsBlacklists != [ ]) {
      smtpd_client_restrictions = lib.mkDefault (map (name: "reject_rbl_client ${name}") cfg.dnsBlacklists);
    };
    services.postfix.settings.master =
      let
        plain = private: more: { inherit private; } // more;
        once = { maxproc = 1; };
      in
      {
        pickup = plain false { wakeup = 60; maxproc = 1; };
        cleanup = plain false { maxproc = 0; };
        qmgr = plain false { wakeup = 300; maxproc = 1; };
        tlsmgr = { wakeup = 1000; wakeupUnusedComponent = false; maxproc = 1; };
        rewrite.command = "trivial-rewrite";
        bounce.maxproc = 0;
        defer = { maxproc = 0; command = "bounce"; };
        trace = { maxproc = 0; command = "bounce"; };
        verify = once;
        flush = plain false { wakeup = 1000; wakeupUnusedComponent = false; maxproc = 0; };
        proxymap.command = "proxymap";
        proxywrite = { maxproc = 1; command = "proxymap"; };
        showq.private = false;
        error = { };
        retry.command = "error";
        discard = { };
        local.privileged = true;
        virtual.privileged = true;
        lmtp = { };
        anvil = once;
        scache = once;
      }
      // lib.optionalAttrs cfg.enableSmtp {
        smtp_inet = {
          name = "smtp";
          type = "inet";
          private = false;
          command = "smtpd";
        };
        smtp = { };
        relay = {
          command = "smtp";
          args = [ "-o" "smtp_fallback_relay=" ];
        };
      }
      // lib.optionalAttrs cfg.enableSubmission {
        submission = {
          type = "inet";
          private = false;
          command = "smtpd";
          args = optionArgs cfg.submissionOptions;
        };
      }
      // lib.optionalAttrs cfg.enableSubmissions {
        submissions = {
          type = "inet";
          private = false;
          command = "smtpd";
          args = optionArgs (cfg.submissionsOptions // { smtpd_tls_wrappermode = "yes"; });
        };
      };
    systemd.services.postfix-setup = {
      description = "Setup for Postfix mail server";
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
      };
      restartTriggers = [ mainCf masterCf ] ++ lib.attrValues maps ++ lib.attrValues aliasFiles;
      script = ''
        install -d -m 755 /var/lib/postfix /var/lib/postfix/conf ${queue}
        install -d -m 700 -o ${cfg.user} -g ${cfg.group} /var/lib/postfix/data
        mkdir -p /var/spool/mail
        chown root:root /var/spool/mail
        chmod a+rwxt /var/spool/mail
        ln -sfn /var/spool/mail /var/mail
        rm -rf /var/lib/postfix/conf/*
        for file in dynamicmaps.cf dynamicmaps.cf.d postfix-files; do
          [ ! -e ${cfg.package}/etc/postfix/$file ] || ln -sf ${cfg.package}/etc/postfix/$file /var/lib/postfix/conf/
        done
        ln -sf ${mainCf} /var/lib/postfix/conf/main.cf
        ln -sf ${masterCf} /var/lib/postfix/conf/master.cf
        ${lib.concatStrings (lib.mapAttrsToList (to: from: ''
          ln -sf ${from} /var/lib/postfix/conf/${to}
          ${cfg.package}/bin/postalias -o -p -c /var/lib/postfix/conf ${cfg.aliasMapType}:/var/lib/postfix/conf/${to}
        '') aliasFiles)}
        ${lib.concatMapStrings (to: ''
          ln -sf ${maps.${to}} /var/lib/postfix/conf/${to}
          ${lib.optionalString (to != "header_checks") "${cfg.package}/bin/postmap -o -p -c /var/lib/postfix/conf hash:/var/lib/postfix/conf/${to}"}
        '') tableNames}
        cd ${queue}
        mkdir -p active bounce corrupt defer deferred flush hold incoming maildrop pid private public saved trace
        chown ${cfg.user}: active bounce corrupt defer deferred flush hold incoming private saved trace
        chmod 700 active bounce corrupt defer deferred flush hold incoming private saved trace
        chown ${cfg.user}:${cfg.setgidGroup} maildrop public
        chmod 730 maildrop
        chmod 710 public
      '';
    };
    systemd.services.postfix = {
      description = "Postfix mail server";
      documentation = [ "man:postfix(1)" ];
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" "postfix-setup.service" ];
      requires = [ "postfix-setup.service" ];
      path = [ cfg.package ];
      serviceConfig = {
        Type = "forking";
        Restart = "always";
        PIDFile = "${queue}/pid/master.pid";
        # `postfix start` would want the store to belong to root and postdrop.
        ExecStart = "${cfg.package}/lib/postfix/sbin/master -w";
        ExecStop = "${cfg.package}/bin/postfix stop";
        ExecReload = "${cfg.package}/bin/postfix reload";
        PrivateTmp = true;
        PrivateDevices = true;
        ProtectSystem = "full";
        ProtectKernelModules = true;
        ProtectKernelTunables = true;
        ProtectControlGroups = true;
        RestrictAddressFamilies = [ "AF_INET" "AF_INET6" "AF_NETLINK" "AF_UNIX" ];
        RestrictRealtime = true;
      };
    };
  };
}
