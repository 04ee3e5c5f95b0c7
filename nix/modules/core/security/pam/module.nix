# How programs check who someone is: `/etc/pam.d`.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.security.pam;
  inherit (import ../../../option-kinds.nix { inherit lib; }) flag;
  line = kind: control: module: "${kind} ${control} ${module}\n";
  when = lib.optionalString;
  # Folders of profiles, for those who start no shell, such as users' service managers.
  ofProfiles = lib.mapAttrs (
    name: suffixes:
    lib.concatStringsSep ":" (
      lib.optional (name == "PATH") config.security.wrapperDir
      ++ lib.concatMap (profile: map (suffix: profile + suffix) suffixes) config.environment.profiles
    )
  ) config.environment.profileRelativeSessionVariables;
  limitLine = l: "${l.domain} ${l.type} ${l.item} ${toString l.value}\n";
  serviceText =
    s:
    "# Made from `security.pam.services.${s.name}`.\n"
    + line "account" "required" "pam_unix.so"
    + when s.rootOK (line "auth" "sufficient" "pam_rootok.so")
    + when s.requireWheel (line "auth" "required" "pam_wheel.so use_uid")
    + when s.unixAuth (
      line "auth" "sufficient" "pam_unix.so ${when s.allowNullPassword "nullok "}${
        when s.nodelay "nodelay "
      }likeauth try_first_pass"
    )
    + line "auth" "required" "pam_deny.so"
    + line "password" "sufficient" "pam_unix.so nullok yescrypt"
    + line "password" "required" "pam_deny.so"
    + when s.setEnvironment (
      line "session" "required" "pam_env.so conffile=/etc/pam/environment readenv=0"
    )
    + line "session" "required" "pam_unix.so"
    + when s.setLoginUid (line "session" (if config.boot.isContainer then "optional" else "required") "pam_loginuid.so")
    + when s.makeHomeDir (line "session" "required" "pam_mkhomedir.so silent umask=0077")
    + when s.updateWtmp (line "session" "optional" "pam_lastlog.so silent")
    + when (s.limits != [ ] || cfg.loginLimits != [ ]) (line "session" "required" "pam_limits.so")
    + when s.startSession (line "session" "optional" "pam_systemd.so")
    + when (s.showMotd && config.users.motd != null) (
      line "session" "optional" "pam_motd.so motd=/etc/motd"
    );
  serviceModule =
    { name, config, ... }:
    {
      options = {
        enable = flag true "Whether the service has a configuration.";
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
        enableGnomeKeyring = flag false "Not supported.";
        limits = mkOption {
          type = types.listOf types.attrs;
          default = [ ];
          description = "Limits of the service's sessions.";
        };
      };
    };
  enabled = lib.filter (s: s.enable) (lib.attrValues cfg.services);
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
