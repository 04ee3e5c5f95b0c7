# How programs check who someone is: `/etc/pam.d`.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.security.pam;
  inherit (import ../../../option-kinds.nix { inherit lib; }) flag;
  line = kind: control: module: "${kind} ${control} ${module}\n";
  # Folders of profiles, for those who start no shell, such as users' service managers.
  ofProfiles = lib.mapAttrs (
    name: suffixes:
    lib.concatStringsSep ":" (
      lib.optional (name == "PATH") config.security.wrapperDir
      ++ lib.concatMap (profile: map (suffix: profile + suffix) suffixes) config.environment.profiles
    )
  ) config.environment.profileRelativeSessionVariables;
  limitLine = l: "${l.domain} ${l.type} ${l.item} ${toString l.value}\n";
  # Rules that options ask for, by kind and in their order; `rules` changes them and adds others.
  rule = name: enable: control: modulePath: args: { inherit name enable control modulePath args; };
  usual = s: {
    account = [ (rule "unix" true "required" "pam_unix.so" [ ]) ];
    auth = [
      (rule "rootok" s.rootOK "sufficient" "pam_rootok.so" [ ])
      (rule "wheel" s.requireWheel "required" "pam_wheel.so" [ "use_uid" ])
      (rule "faildelay" s.failDelay.enable "optional" "pam_faildelay.so" [ "delay=${toString s.failDelay.delay}" ])
      (rule "unix" s.unixAuth "sufficient" "pam_unix.so" (
        lib.optional s.allowNullPassword "nullok"
        ++ lib.optional s.nodelay "nodelay"
        ++ [ "likeauth" "try_first_pass" ]
      ))
      (rule "deny" true "required" "pam_deny.so" [ ])
    ];
    password = [
      (rule "unix" true "sufficient" "pam_unix.so" [ "nullok" "yescrypt" ])
      (rule "deny" true "required" "pam_deny.so" [ ])
    ];
    session = [
      (rule "env" s.setEnvironment "required" "pam_env.so" [ "conffile=/etc/pam/environment" "readenv=0" ])
      (rule "unix" true "required" "pam_unix.so" [ ])
      (rule "loginuid" s.setLoginUid (if config.boot.isContainer then "optional" else "required") "pam_loginuid.so" [ ])
      (rule "tty_audit" s.ttyAudit.enable "required" "pam_tty_audit.so" (
        lib.optional s.ttyAudit.openOnly "open_only"
        ++ lib.optional (s.ttyAudit.enablePattern != null) "enable=${s.ttyAudit.enablePattern}"
        ++ lib.optional (s.ttyAudit.disablePattern != null) "disable=${s.ttyAudit.disablePattern}"
      ))
      (rule "mkhomedir" s.makeHomeDir "required" "pam_mkhomedir.so" [ "silent" "umask=${cfg.makeHomeDir.umask}" ])
      (rule "umask" s.enableUMask "optional" "pam_umask.so" [ ])
      (rule "lastlog" s.updateWtmp "optional" "pam_lastlog.so" [ "silent" ])
      (rule "xauth" s.forwardXAuth "optional" "pam_xauth.so" [ "systemuser=99" ])
      (rule "limits" (s.limits != [ ] || cfg.loginLimits != [ ]) "required" "pam_limits.so" (
        lib.optional (s.limits != [ ]) "conf=${builtins.toFile "limits.conf" (lib.concatMapStrings limitLine s.limits)}"
      ))
      (rule "systemd" s.startSession "optional" "pam_systemd.so" [ ])
      (rule "motd" (s.showMotd && config.users.motd != null) "optional" "pam_motd.so" [ "motd=/etc/motd" ])
    ];
  };
  numbered =
    rules:
    lib.listToAttrs (
      lib.imap0 (at: one: {
        inherit (one) name;
        value = one // {
          order = 10000 + 100 * at;
          settings = { };
        };
      }) rules
    );
  completed =
    s: changes:
    lib.mapAttrs (
      kind: rules:
      lib.mapAttrs (
        name: one:
        {
          inherit name;
          enable = true;
          order = 20000;
          args = [ ];
          settings = { };
        }
        // one
      ) (lib.recursiveUpdate (numbered (lib.optionals s.useDefaultRules rules)) (changes.${kind} or { }))
    ) (usual s);
  setting =
    name: value:
    lib.optional (value != null && value != false) (if value == true then name else "${name}=${toString value}");
  ruleLine =
    kind: one:
    line kind one.control (
      lib.concatStringsSep " " (
        [ one.modulePath ] ++ one.args ++ lib.concatLists (lib.mapAttrsToList setting one.settings)
      )
    );
  serviceText =
    s:
    "# Made from `security.pam.services.${s.name}`.\n"
    + lib.concatMapStrings (
      kind:
      lib.concatMapStrings (ruleLine kind) (
        lib.sort (a: b: a.order < b.order) (lib.filter (one: one.enable) (lib.attrValues s.rules.${kind}))
      )
    ) [ "account" "auth" "password" "session" ];

  # Options of NixOS for modules that `base` does not set up.
  lackingOptions = [
    "cifs" "dp9ikAuth" "dp9ik" "duoSecurity" "enableAppArmor" "enableGnomeKeyring" "enableKwallet" "fprintAuth" "gnupg" "googleAuthenticator"
    "googleOsLoginAccountVerification" "googleOsLoginAuthentication" "howdy" "howdyAuth" "kwallet" "lastlog" "mysqlAuth" "oathAuth" "otpwAuth"
    "p11Auth" "pamMount" "rssh" "rsshAuth" "slurm" "sssdStrictAccess" "u2f" "u2fAuth" "usbAuth" "usshAuth" "yubicoAuth" "zfs"
  ];
  isOn = value: if lib.isAttrs value then value.enable or false else value == true;
  serviceModule =
    { name, config, ... }:
    {
      # What modules that are not here would be told.
      freeformType = types.attrsOf types.anything;
      options = {
        enable = flag true "Whether the service has a configuration.";
        rules = mkOption {
          type = types.attrsOf (types.attrsOf (types.attrsOf types.anything));
          default = { };
          apply = completed config;
          example = lib.literalExpression ''''
            {
              auth.denied = {
                control = "required";
                modulePath = "pam_deny.so";
                order = config.security.pam.services.login.rules.auth.unix.order - 10;
              };
            }
          '''';
          description = "Rules by kind (`account`, `auth`, `password`, `session`) and name: `enable`, `order`, `control`, `modulePath`, `args`, `settings`.";
        };
        useDefaultRules = flag true "Whether the rules that the other options ask for are there.";
        enableUMask = flag false "Whether the mask for new files is set from `/etc/login.defs`.";
        failDelay = {
          enable = flag false "Whether a failure is answered late.";
          delay = mkOption {
            type = types.int;
            default = 3000000;
            description = "Microseconds after which a failure is answered.";
          };
        };
        ttyAudit = {
          enable = flag false "Whether what is typed is recorded for audit.";
          openOnly = flag false "Whether only the beginning of the session decides.";
          enablePattern = mkOption {
            type = types.nullOr types.str;
            default = null;
            description = "Users whose sessions are recorded.";
          };
          disablePattern = mkOption {
            type = types.nullOr types.str;
            default = null;
            description = "Users whose sessions are not recorded.";
          };
        };
        name = mkOption {
          type = types.str;
          default = name;
          description = "Name of the service.";
        };
        text = mkOption {
          type = types.nullOr types.lines;
          default = null;
          description = "Text of the file, in place of what the other options make.";
        };
        unixAuth = flag true "Whether the password in `/etc/shadow` counts.";
        rootOK = flag false "Whether root needs no password.";
        requireWheel = flag false "Whether only members of `wheel` are let in.";
        allowNullPassword = flag false "Whether an empty password is accepted.";
        nodelay = flag false "Whether a failure is answered at once.";
        setEnvironment = flag true "Whether session variables are set.";
        setLoginUid = flag config.startSession "Whether the session's user is recorded for audit.";
        startSession = flag false "Whether logind makes a session.";
        makeHomeDir = flag false "Whether a missing home folder is made.";
        updateWtmp = flag false "Whether the login is recorded.";
        showMotd = flag false "Whether the message of the day is shown.";
        forwardXAuth = flag false "Whether access to the X server is passed on.";
        sshAgentAuth = flag false "Whether keys of an ssh agent count.";
        logFailures = flag false "Whether failures are logged.";
        limits = mkOption {
          type = types.listOf types.attrs;
          default = [ ];
          description = "Limits of the service's sessions.";
        };
      };
    };
  enabled = lib.filter (s: s.enable) (lib.attrValues cfg.services);
  # What is set in services beyond their options.
  beyond = lib.concatLists (
    lib.mapAttrsToList (
      service: values:
      map (name: { inherit service name; }) (
        lib.filter (name: !declared ? ${name}) (lib.attrNames values)
      )
    ) cfg.services
  );
  declared = (serviceModule { name = ""; config = { }; }).options;
in
{
  options.security.pam = {
    services = mkOption {
      type = types.attrsOf (types.submodule serviceModule);
      default = { };
      description = "Services that check users, by name.";
    };
    loginLimits = mkOption {
      type = types.listOf (
        types.submodule {
          options = {
            domain = mkOption {
              type = types.str;
              description = "User, `@group` or `*`.";
            };
            type = mkOption {
              type = types.enum [ "-" "hard" "soft" ];
              default = "-";
              description = "Kind of limit.";
            };
            item = mkOption {
              type = types.str;
              description = "What is limited.";
            };
            value = mkOption {
              type = types.either types.str types.int;
              description = "The limit.";
            };
          };
        }
      );
      default = [ ];
      description = "Limits of all sessions.";
    };
    enableSSHAgentAuth = flag false "Whether keys of an ssh agent count for sudo.";
    sshAgentAuth.enable = flag false "Whether keys of an ssh agent count for sudo.";
    makeHomeDir.umask = mkOption {
      type = types.str;
      default = "0077";
      description = "Mask for new home folders.";
    };
  };
  config = {
    assertions = map (use: {
      assertion = lib.elem use.name lackingOptions;
      message = "The option `security.pam.services.${use.service}.${use.name}' does not exist.";
    }) beyond;
    warnings = map (
      use: "security.pam.services.${use.service}.${use.name} has no effect: base does not set up that module."
    ) (lib.filter (use: isOn cfg.services.${use.service}.${use.name}) beyond);
    security.pam.services = {
      other.text = ''
        auth required pam_warn.so
        auth required pam_deny.so
        account required pam_warn.so
        account required pam_deny.so
        password required pam_warn.so
        password required pam_deny.so
        session required pam_warn.so
        session required pam_deny.so
      '';
      login = {
        startSession = lib.mkDefault true;
        allowNullPassword = lib.mkDefault true;
        showMotd = lib.mkDefault true;
      };
      su = {
        rootOK = lib.mkDefault true;
        setEnvironment = lib.mkDefault false;
      };
      # What the `su` of util-linux asks for `su -`.
      su-l = {
        rootOK = lib.mkDefault true;
        setEnvironment = lib.mkDefault false;
      };
      passwd = { };
      chpasswd.rootOK = lib.mkDefault true;
      systemd-user.startSession = lib.mkDefault true;
      runuser = {
        rootOK = lib.mkDefault true;
        unixAuth = lib.mkDefault false;
        setEnvironment = lib.mkDefault false;
      };
      runuser-l = {
        rootOK = lib.mkDefault true;
        unixAuth = lib.mkDefault false;
        setEnvironment = lib.mkDefault false;
      };
    };
    environment.etc =
      lib.listToAttrs (
        map (
          s:
          lib.nameValuePair "pam.d/${s.name}" { text = if s.text != null then s.text else serviceText s; }
        ) enabled
      )
      // {
        "pam/environment".text = lib.concatStrings (
          lib.mapAttrsToList (
            name: value: lib.optionalString (value != null) "${name} DEFAULT=\"${lib.replaceStrings [ "$HOME" "$USER" ] [ "@{HOME}" "@{PAM_USER}" ] value}\"\n"
          ) (ofProfiles // config.environment.sessionVariables)
        );
        "security/limits.conf" = lib.mkIf (cfg.loginLimits != [ ]) {
          text = lib.concatMapStrings limitLine cfg.loginLimits;
        };
        "login.defs".text = ''
          DEFAULT_HOME yes
          ENCRYPT_METHOD YESCRYPT
          GID_MAX 29999
          GID_MIN 1000
          LOGIN_RETRIES 5
          LOGIN_TIMEOUT 60
          SYS_GID_MAX 999
          SYS_GID_MIN 400
          SYS_UID_MAX 999
          SYS_UID_MIN 400
          TTYGROUP tty
          TTYPERM 0620
          UID_MAX 29999
          UID_MIN 1000
          UMASK 077
          USERGROUPS_ENAB yes
        '';
      };
  };
}
