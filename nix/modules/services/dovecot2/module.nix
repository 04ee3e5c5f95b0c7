# Dovecot: mail boxes by IMAP, POP3 and LMTP.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.dovecot2;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag lines maybe;
  base = "/run/dovecot2";
  stateDir = "/var/lib/dovecot";
  pluginLines = lib.optionalString (cfg.mailPlugins.globally.enable != [ ]) "mail_plugins = ${lib.concatStringsSep " " cfg.mailPlugins.globally.enable}\n"
    + lib.concatStrings (
      lib.mapAttrsToList (
        protocol: plugins:
        "protocol ${protocol} {\n  mail_plugins = $mail_plugins ${lib.concatStringsSep " " plugins.enable}\n}\n"
      ) cfg.mailPlugins.perProtocol
    );
  mailbox = box: ''
    mailbox "${box.name}" {
      auto = ${box.auto}
      ${lib.optionalString (box.autoexpunge != null) "autoexpunge = ${box.autoexpunge}"}
      ${lib.optionalString (box.specialUse != null) "special_use = \\${box.specialUse}"}
    }
  '';
  mailboxes = if lib.isList cfg.mailboxes then cfg.mailboxes else lib.attrValues cfg.mailboxes;
  sieve = lib.concatStrings (lib.mapAttrsToList (to: from: "sieve_${to} = ${stateDir}/sieve/${to}\n") cfg.sieveScripts);
  text =
    ''
      base_dir = ${base}
      protocols = ${lib.concatStringsSep " " cfg.protocols}
      state_dir = ${stateDir}
      sendmail_path = /run/wrappers/bin/sendmail
      default_internal_user = ${cfg.user}
      default_internal_group = ${cfg.group}
      default_login_user = dovenull
      libexec_dir = ${cfg.package}/lib/dovecot
      mail_plugin_dir = ${cfg.package}/lib/dovecot/modules
      mail_location = ${cfg.mailLocation}
      maildir_copy_with_hardlinks = yes
      pop3_uidl_format = %08Xv%08Xu
      auth_mechanisms = plain login
      service auth {
        user = root
      }
    ''
    + lib.optionalString (cfg.mailUser != null) "mail_uid = ${cfg.mailUser}\n"
    + lib.optionalString (cfg.mailGroup != null) "mail_gid = ${cfg.mailGroup}\n"
    + (
      if cfg.sslServerCert == null then
        "ssl = no\ndisable_plaintext_auth = no\n"
      else
        "ssl_cert = <${cfg.sslServerCert}\nssl_key = <${cfg.sslServerKey}\ndisable_plaintext_auth = yes\n"
        + lib.optionalString (cfg.sslCACert != null) "ssl_ca = <${cfg.sslCACert}\n"
        + lib.optionalString cfg.enableDHE "ssl_dh = <${config.security.dhparams.params.dovecot2.path or "/dev/null"}\n"
    )
    + lib.optionalString cfg.enablePAM ''
      userdb {
        driver = passwd
      }
      passdb {
        driver = pam
        args = ${lib.optionalString cfg.showPAMFailure "failure_show_msg=yes"} dovecot2
      }
    ''
    + lib.optionalString cfg.enableQuota ''
      mail_plugins = $mail_plugins quota
      service quota-status {
        executable = quota-status -p postfix
        inet_listener {
          port = ${cfg.quotaPort}
        }
        client_limit = 1
      }
      protocol imap {
        mail_plugins = $mail_plugins imap_quota
      }
      plugin {
        quota_rule = *:storage=${cfg.quotaGlobalPerUser}
        quota = count:User quota
        quota_status_success = DUNNO
        quota_status_nouser = DUNNO
        quota_status_overquota = "552 5.2.2 Mailbox is full"
        quota_grace = 10%%
        quota_vsizes = yes
      }
    ''
    + lib.optionalString (mailboxes != [ ]) "namespace inbox {\n  inbox=yes\n${lib.concatMapStrings mailbox mailboxes}}\n"
    + lib.optionalString (cfg.sieveScripts != { }) "plugin {\n${sieve}}\n"
    + pluginLines
    + cfg.extraConfig;
  file = if cfg.configFile != null then cfg.configFile else pkgs.writeText "dovecot.conf" text;
  mailboxOptions =
    { name, ... }:
    {
      options = {
        name = mkOption {
          type = types.str;
          default = name;
          description = "Name of the mail box.";
        };
        auto = mkOption {
          type = types.enum [ "no" "create" "subscribe" ];
          default = "no";
          description = "Whether it is made, and subscribed to, by itself.";
        };
        specialUse = maybe (types.enum [ "All" "Archive" "Drafts" "Flagged" "Junk" "Sent" "Trash" ]) "What it is for.";
        autoexpunge = maybe types.str "After how long messages are deleted.";
      };
    };
  plugins = lib.mkOption {
    type = types.submodule {
      options.enable = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Names of plug-ins.";
      };
    };
    default = { };
    description = "Plug-ins for all protocols.";
  };
in
{
  options.services.dovecot2 = {
    enable = flag false "Whether Dovecot runs.";
    package = lib.mkPackageOption pkgs "dovecot" { };
    protocols = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Protocols besides those that are switched on below.";
    };
    enableImap = flag true "Whether IMAP is offered.";
    enablePop3 = flag false "Whether POP3 is offered.";
    enableLmtp = flag false "Whether mail is taken by LMTP.";
    user = mkOption {
      type = types.str;
      default = "dovecot2";
      description = "User of Dovecot's own parts.";
    };
    group = mkOption {
      type = types.str;
      default = "dovecot2";
      description = "Group of Dovecot's own parts.";
    };
    extraConfig = lines "Lines of `dovecot.conf`.";
    mailPlugins.globally = plugins;
    mailPlugins.perProtocol = mkOption {
      type = types.attrsOf plugins.type;
      default = { };
      description = "Plug-ins for some protocols.";
    };
    configFile = maybe types.path "A configuration of one's own instead.";
    mailLocation = mkOption {
      type = types.str;
      default = "maildir:/var/spool/mail/%u";
      description = "Where mail is kept.";
    };
    mailUser = maybe types.str "User that owns virtual users' mail.";
    mailGroup = maybe types.str "Group that owns virtual users' mail.";
    createMailUser = flag true "Whether these are made.";
    modules = mkOption {
      type = types.listOf types.package;
      default = [ ];
      description = "Packages of plug-ins.";
    };
    sslCACert = maybe types.str "File of the certificate authority.";
    sslServerCert = maybe types.str "File of the server's certificate.";
    sslServerKey = maybe types.str "File of the server's key.";
    enablePAM = flag true "Whether the system's users can log in.";
    enableDHE = flag false "Whether Diffie-Hellman parameters of one's own are used.";
    sieveScripts = mkOption {
      type = types.attrsOf types.path;
      default = { };
      description = "Sieve scripts that always run.";
    };
    showPAMFailure = flag false "Whether clients see why they can't log in.";
    mailboxes = mkOption {
      type = types.either (types.listOf types.attrs) (types.attrsOf (types.submodule mailboxOptions));
      default = { };
      description = "Mail boxes with a meaning.";
    };
    enableQuota = flag false "Whether users' mail is limited in size.";
    quotaPort = mkOption {
      type = types.str;
      default = "12340";
      description = "Port on which Postfix asks.";
    };
    quotaGlobalPerUser = mkOption {
      type = types.str;
      default = "100G";
      description = "How much a user may keep.";
    };
  };
  config = lib.mkIf cfg.enable {
    security.pam.services.dovecot2 = lib.mkIf cfg.enablePAM { };
    services.dovecot2.protocols =
      lib.optional cfg.enableImap "imap" ++ lib.optional cfg.enablePop3 "pop3" ++ lib.optional cfg.enableLmtp "lmtp";
    users.users =
      {
        dovenull = {
          description = "Dovecot user for untrusted logins";
          group = "dovenull";
          isSystemUser = true;
        };
      }
      // lib.optionalAttrs (cfg.user == "dovecot2") {
        dovecot2 = {
          description = "Dovecot user";
          group = cfg.group;
          isSystemUser = true;
        };
      }
      // lib.optionalAttrs (cfg.createMailUser && cfg.mailUser != null) {
        ${cfg.mailUser} = {
          description = "Virtual Mail User";
          isSystemUser = true;
          group = if cfg.mailGroup != null then cfg.mailGroup else cfg.mailUser;
        };
      };
    users.groups =
      { dovenull = { }; }
      // lib.optionalAttrs (cfg.group == "dovecot2") { dovecot2 = { }; }
      // lib.optionalAttrs (cfg.createMailUser && cfg.mailGroup != null) { ${cfg.mailGroup} = { }; };
    environment.etc."dovecot/dovecot.conf".source = file;
    environment.systemPackages = [ cfg.package ];
    system.usrPackages = [ cfg.package ];
    # Debian's package has a unit `dovecot`, which this one takes the place of.
    systemd.services.dovecot2 = {
      description = "Dovecot IMAP/POP3 server";
      documentation = [ "man:dovecot(1)" ];
      aliases = [ "dovecot.service" ];
      after = [ "network.target" ];
      wantedBy = [ "multi-user.target" ];
      restartTriggers = [ file ];
      startLimitIntervalSec = 60;
      preStart = ''
        rm -rf ${stateDir}/sieve
      ''
      + lib.optionalString (cfg.sieveScripts != { }) (
        "mkdir -p ${stateDir}/sieve\n"
        + lib.concatStrings (lib.mapAttrsToList (to: from: ''
          if [ -d '${from}' ]; then mkdir '${stateDir}/sieve/${to}'; cp -p '${from}/'*.sieve '${stateDir}/sieve/${to}'; else cp -p '${from}' '${stateDir}/sieve/${to}'; fi
        '') cfg.sieveScripts)
      );
      serviceConfig = {
        Type = "notify";
        ExecStart = "${cfg.package}/bin/dovecot -F -c /etc/dovecot/dovecot.conf";
        ExecReload = "${cfg.package}/bin/doveadm reload";
        Restart = "on-failure";
        RestartSec = "1s";
        RuntimeDirectory = [ "dovecot2" ];
        StateDirectory = [ "dovecot" ];
      };
    };
    assertions = [
      {
        assertion = (cfg.sslServerCert == null) == (cfg.sslServerKey == null);
        message = "services.dovecot2: sslServerCert and sslServerKey belong together.";
      }
      {
        assertion = cfg.showPAMFailure -> cfg.enablePAM;
        message = "services.dovecot2.showPAMFailure wants services.dovecot2.enablePAM.";
      }
    ];
  };
}
