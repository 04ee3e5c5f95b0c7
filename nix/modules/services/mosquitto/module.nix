# Mosquitto: a broker of messages by MQTT.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.mosquitto;
  atom = types.oneOf [ types.str types.path types.bool types.int ];
  settingsOption =
    what:
    mkOption {
      type = types.attrsOf atom;
      default = { };
      description = "Settings of ${what}, as in {manpage}`mosquitto.conf(5)`.";
    };
  show = value: if lib.isBool value then lib.boolToString value else toString value;
  lines = settings: lib.concatStrings (lib.mapAttrsToList (name: value: "${name} ${show value}\n") settings);
  userOptions.options = {
    password = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "Password, readable in the store.";
    };
    passwordFile = mkOption {
      type = types.nullOr types.path;
      default = null;
      description = "File that holds the password.";
    };
    hashedPassword = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "The password as `mosquitto_passwd` writes it.";
    };
    hashedPasswordFile = mkOption {
      type = types.nullOr types.path;
      default = null;
      description = "File that holds it.";
    };
    acl = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "read a/b" "readwrite c/#" ];
      description = "What the user may read and write.";
    };
  };
  listenerOptions.options = {
    port = mkOption {
      type = types.port;
      default = 1883;
      description = "Port; 0 where `address` is a socket.";
    };
    address = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "Address; null for all.";
    };
    authPlugins = mkOption {
      type = types.listOf types.attrs;
      default = [ ];
      description = "Plug-ins: `plugin` and `options`.";
    };
    users = mkOption {
      type = types.attrsOf (types.submodule userOptions);
      default = { };
      description = "Users by name.";
    };
    omitPasswordAuth = lib.mkEnableOption "access without passwords";
    acl = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "pattern read #" ];
      description = "What all may read and write.";
    };
    settings = settingsOption "the listener";
  };
  bridgeOptions.options = {
    addresses = mkOption {
      type = types.listOf (
        types.submodule {
          options.address = mkOption {
            type = types.str;
            description = "Name or address of the other broker.";
          };
          options.port = mkOption {
            type = types.port;
            default = 1883;
            description = "Its port.";
          };
        }
      );
      default = [ ];
      description = "The other broker.";
    };
    topics = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "# both 2 local/topic/ remote/topic/" ];
      description = "What is passed on.";
    };
    settings = settingsOption "the bridge";
  };
  legacy = cfg.users != { } || cfg.checkPasswords || cfg.allowAnonymous != null;
  listeners =
    if cfg.listeners == [ ] && legacy then
      [
        {
          inherit (cfg) port users;
          address = cfg.host;
          authPlugins = [ ];
          omitPasswordAuth = false;
          acl = cfg.aclExtraConf;
          settings = lib.optionalAttrs (cfg.allowAnonymous == true) { allow_anonymous = true; };
        }
      ]
    else
      cfg.listeners;
  # The older option writes `topic read x`, the newer one `read x`.
  rule = text: if lib.hasPrefix "topic " text || lib.hasPrefix "pattern " text then text else "topic ${text}";
  acl =
    l:
    lib.concatMapStrings (line: "${line}\n") (lib.filter (line: line != "") l.acl)
    + lib.concatStrings (
      lib.mapAttrsToList (name: user: "user ${name}\n" + lib.concatMapStrings (text: "${rule text}\n") user.acl) l.users
    );
  state = index: "/var/lib/mosquitto/passwd-${toString index}";
  aclFile = index: l: pkgs.writeText "mosquitto-acl-${toString index}.conf" (acl l);
  listener =
    index: l:
    "listener ${toString l.port} ${lib.optionalString (l.address != null) l.address}\n"
    + lib.optionalString (!l.omitPasswordAuth && l.users != { }) "password_file ${state index}\n"
    + "acl_file /etc/mosquitto/acl-${toString index}.conf\n"
    + lib.concatMapStrings (p: "auth_plugin ${p.plugin}\n" + lib.concatStrings (lib.mapAttrsToList (n: v: "auth_opt_${n} ${show v}\n") (p.options or { }))) l.authPlugins
    + lib.optionalString (!(l.settings ? allow_anonymous)) "allow_anonymous ${lib.boolToString l.omitPasswordAuth}\n"
    + lines l.settings;
  bridge =
    name: b:
    "connection ${name}\naddresses ${lib.concatMapStringsSep " " (a: "${a.address}:${toString a.port}") b.addresses}\n"
    + lib.concatMapStrings (topic: "topic ${topic}\n") b.topics
    + lines b.settings;
  file = pkgs.writeText "mosquitto.conf" (
    "per_listener_settings true\npersistence ${lib.boolToString cfg.persistence}\npersistence_location ${cfg.dataDir}/\n"
    + lib.concatMapStrings (d: "log_dest ${d}\n") cfg.logDest
    + lib.concatMapStrings (t: "log_type ${t}\n") cfg.logType
    + lib.concatMapStrings (f: "include_dir ${f}\n") cfg.includeDirs
    + lines cfg.settings
    + lib.concatStrings (lib.imap0 listener listeners)
    + lib.concatStrings (lib.mapAttrsToList bridge cfg.bridges)
    + cfg.extraConf
  );
  passwords =
    index: l:
    ''
      install -m 600 /dev/null ${state index}
    ''
    + lib.concatStrings (
      lib.mapAttrsToList (
        name: user:
        if user.password != null then
          "${cfg.package}/bin/mosquitto_passwd -b ${state index} ${lib.escapeShellArgs [ name user.password ]}\n"
        else if user.passwordFile != null then
          ''${cfg.package}/bin/mosquitto_passwd -b ${state index} ${lib.escapeShellArg name} "$(cat ${user.passwordFile})"'' + "\n"
        else if user.hashedPassword != null then
          "echo ${lib.escapeShellArg "${name}:${user.hashedPassword}"} >> ${state index}\n"
        else if user.hashedPasswordFile != null then
          "echo ${lib.escapeShellArg name}:\"$(cat ${user.hashedPasswordFile})\" >> ${state index}\n"
        else
          ""
      ) l.users
    );
in
{
  options.services.mosquitto = {
    enable = lib.mkEnableOption "Mosquitto, a broker of messages by MQTT";
    package = lib.mkPackageOption pkgs "mosquitto" { };
    listeners = mkOption {
      type = types.listOf (types.submodule listenerOptions);
      default = [ ];
      description = "Where clients connect, and who may.";
    };
    bridges = mkOption {
      type = types.attrsOf (types.submodule bridgeOptions);
      default = { };
      description = "Other brokers by name.";
    };
    includeDirs = mkOption {
      type = types.listOf types.path;
      default = [ ];
      description = "Folders of further configuration.";
    };
    logDest = mkOption {
      type = types.listOf types.str;
      default = [ "stderr" ];
      description = "Where the log goes.";
    };
    logType = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "What is logged.";
    };
    persistence = mkOption {
      type = types.bool;
      default = true;
      description = "Whether messages outlive restarts.";
    };
    dataDir = mkOption {
      type = types.path;
      default = "/var/lib/mosquitto";
      description = "Folder of its data.";
    };
    settings = settingsOption "the broker";
    # A single listener, as it was before there were several.
    host = mkOption {
      type = types.nullOr types.str;
      default = "127.0.0.1";
      visible = false;
      description = "Older option: `listeners.*.address`.";
    };
    port = mkOption {
      type = types.port;
      default = 1883;
      visible = false;
      description = "Older option: `listeners.*.port`.";
    };
    users = mkOption {
      type = types.attrsOf (types.submodule userOptions);
      default = { };
      visible = false;
      description = "Older option: `listeners.*.users`.";
    };
    checkPasswords = lib.mkEnableOption "passwords" // { visible = false; };
    allowAnonymous = mkOption {
      type = types.nullOr types.bool;
      default = null;
      visible = false;
      description = "Older option: `listeners.*.settings.allow_anonymous`.";
    };
    aclExtraConf = mkOption {
      type = types.coercedTo types.lines (lib.splitString "\n") (types.listOf types.str);
      default = [ ];
      visible = false;
      description = "Older option: `listeners.*.acl`.";
    };
    extraConf = mkOption {
      type = types.lines;
      default = "";
      visible = false;
      description = "Older option: lines of the configuration.";
    };
  };
  config = lib.mkIf cfg.enable {
    environment.etc = lib.listToAttrs (
      lib.imap0 (
        index: l: lib.nameValuePair "mosquitto/acl-${toString index}.conf" { source = aclFile index l; }
      ) listeners
    );
    users.users.mosquitto = {
      description = "Mosquitto MQTT Broker Daemon owner";
      group = "mosquitto";
      isSystemUser = true;
      home = cfg.dataDir;
    };
    users.groups.mosquitto = { };
    systemd.services.mosquitto = {
      description = "Mosquitto MQTT Broker Daemon";
      wantedBy = [ "multi-user.target" ];
      wants = [ "network-online.target" ];
      after = [ "network-online.target" ];
      restartTriggers = lib.imap0 aclFile listeners;
      preStart = lib.concatStrings (lib.imap0 passwords listeners);
      serviceConfig = {
        Type = "notify";
        NotifyAccess = "main";
        User = "mosquitto";
        Group = "mosquitto";
        StateDirectory = "mosquitto";
        RuntimeDirectory = "mosquitto";
        WorkingDirectory = cfg.dataDir;
        Restart = "on-failure";
        ExecStart = "${cfg.package}/bin/mosquitto -c ${file}";
        ExecReload = "${pkgs.coreutils}/bin/kill -HUP $MAINPID";
        NoNewPrivileges = true;
        PrivateDevices = true;
        PrivateTmp = true;
        ProtectHome = true;
        ProtectSystem = "strict";
        ReadWritePaths = [ cfg.dataDir ];
        UMask = "0077";
      };
    };
  };
}
