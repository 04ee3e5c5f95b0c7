# PostgreSQL.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption mkIf types;
  cfg = config.services.postgresql;
  atom = types.oneOf [ types.bool types.float types.int types.str ];
  show =
    value:
    if value == true then
      "yes"
    else if value == false then
      "no"
    else if lib.isString value then
      quoted value
    else
      toString value;
  configFile = pkgs.writeText "postgresql.conf" (
    lib.concatStrings (lib.mapAttrsToList (n: v: "${n} = ${show v}\n") cfg.settings)
  );
  hba = pkgs.writeText "pg_hba.conf" cfg.authentication;
  ident = pkgs.writeText "pg_ident.conf" cfg.identMap;
  version = lib.versions.major cfg.package.version;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag names;
  userModule =
    { name, ... }:
    {
      options = {
        name = mkOption {
          type = types.str;
          default = name;
          description = "Name of the role.";
        };
        ensureDBOwnership = flag false "Whether the role owns the database of the same name.";
        ensureClauses = mkOption {
          type = types.submodule {
            freeformType = types.attrsOf (types.nullOr (types.oneOf [ types.bool types.int types.str ]));
          };
          default = { };
          description = "Rights of the role (superuser, createdb, createrole, login …), its `connection_limit`, and its `password` as a hash.";
        };
      };
    };
  # What scripts call; configurations that add to them do so by this name, too.
  psql = ''
    PSQL="psql --port=${toString cfg.settings.port}"
  '';
  quoted = text: "'${lib.replaceStrings [ "'" ] [ "''" ] text}'";
  clause =
    name: value:
    if lib.isBool value then
      lib.toUpper (if value then name else "no${name}")
    else
      "${lib.toUpper (lib.replaceStrings [ "_" ] [ " " ] name)} ${if lib.isString value then quoted value else toString value}";
  clauses =
    user:
    lib.concatStringsSep " " (
      lib.mapAttrsToList clause (lib.filterAttrs (_: value: value != null) user.ensureClauses)
    );
  whenMissing = query: statement: ''
    $PSQL -tAc "${query}" | grep -q 1 || $PSQL -tAc ${lib.escapeShellArg statement}
  '';
  makeDatabase = name: whenMissing "SELECT 1 FROM pg_database WHERE datname = '${name}'" ''CREATE DATABASE "${name}"'';
  makeUser =
    user:
    whenMissing "SELECT 1 FROM pg_roles WHERE rolname='${user.name}'" ''CREATE USER "${user.name}"''
    + lib.optionalString (clauses user != "") ''
      $PSQL -tAc ${lib.escapeShellArg ''ALTER ROLE "${user.name}" ${clauses user}''}
    ''
    + lib.optionalString user.ensureDBOwnership ''
      $PSQL -tAc 'ALTER DATABASE "${user.name}" OWNER TO "${user.name}"'
    '';
  setup =
    lib.concatMapStrings makeDatabase cfg.ensureDatabases + lib.concatMapStrings makeUser cfg.ensureUsers;
in
{
  options.services.postgresql = {
    enable = flag false "Whether PostgreSQL runs.";
    enableJIT = flag false "Whether queries are compiled.";
    enableTCPIP = flag false "Whether the server listens on all addresses.";
    checkConfig = flag true "Whether the configuration is checked when it is built.";
    package = mkOption {
      type = types.package;
      default = pkgs.postgresql;
      defaultText = lib.literalExpression "pkgs.postgresql";
      description = "The package of PostgreSQL.";
    };
    finalPackage = mkOption {
      type = types.package;
      readOnly = true;
      default = cfg.package;
      defaultText = lib.literalExpression "config.services.postgresql.package";
      description = "The package that runs.";
    };
    dataDir = mkOption {
      type = types.path;
      default = "/var/lib/postgresql/${version}";
      defaultText = lib.literalExpression ''"/var/lib/postgresql/''${major version}"'';
      description = "Folder of the data.";
    };
    settings = mkOption {
      type = types.submodule {
        freeformType = types.attrsOf atom;
        options = {
          port = mkOption {
            type = types.port;
            default = 5432;
            description = "Port of the server.";
          };
          log_line_prefix = mkOption {
            type = types.str;
            default = "[%p] ";
            description = "What each line of the log begins with.";
          };
        };
      };
      default = { };
      description = "Settings of `postgresql.conf`.";
    };
    authentication = mkOption {
      type = types.lines;
      default = "";
      description = "Lines of `pg_hba.conf`, which come before the default ones.";
    };
    identMap = mkOption {
      type = types.lines;
      default = "";
      description = "Lines of `pg_ident.conf`.";
    };
    initdbArgs = names "Arguments of initdb.";
    initialScript = mkOption {
      type = types.nullOr types.path;
      default = null;
      description = "SQL run once, when the data folder is new.";
    };
    ensureDatabases = names "Databases that are made when they are missing.";
    ensureUsers = mkOption {
      type = types.listOf (types.submodule userModule);
      default = [ ];
      description = "Roles that are made when they are missing.";
    };
    extensions = mkOption {
      type = types.raw;
      default = [ ];
      description = "Packages of extensions.";
    };
    superUser = mkOption {
      type = types.str;
      internal = true;
      readOnly = true;
      default = "postgres";
      description = "The server's own role.";
    };
  };
  config = mkIf cfg.enable {
    services.postgresql.settings = {
      hba_file = toString hba;
      ident_file = toString ident;
      log_destination = "stderr";
      listen_addresses = lib.mkDefault (if cfg.enableTCPIP then "*" else "localhost");
      jit = lib.mkDefault (if cfg.enableJIT then "on" else "off");
      unix_socket_directories = lib.mkDefault "/run/postgresql";
    };
    services.postgresql.authentication = lib.mkAfter ''
      local all postgres         peer map=postgres
      local all all              peer
      host  all all 127.0.0.1/32 md5
      host  all all ::1/128      md5
    '';
    services.postgresql.identMap = lib.mkAfter ''
      postgres postgres postgres
    '';
    users.users.postgres = {
      uid = 71;
      group = "postgres";
      description = "PostgreSQL server user";
      home = toString cfg.dataDir;
      useDefaultShell = true;
      isSystemUser = true;
    };
    users.groups.postgres.gid = 71;
    environment.systemPackages = [ cfg.finalPackage ];
    # What needs databases and roles waits for the target. The server's own unit is not started before they are there
    # either, since tests and services from before there was a target wait for that.
    systemd.targets.postgresql = {
      description = "PostgreSQL";
      wantedBy = [ "multi-user.target" ];
      requires = [ "postgresql.service" "postgresql-setup.service" ];
    };
    systemd.services.postgresql-setup = {
      description = "PostgreSQL Setup Scripts";
      requires = [ "postgresql.service" ];
      after = [ "postgresql.service" ];
      path = [ cfg.finalPackage ];
      environment.PGPORT = toString cfg.settings.port;
      script = psql;
      serviceConfig = {
        User = "postgres";
        Group = "postgres";
        Type = "oneshot";
        RemainAfterExit = true;
      };
    };
    systemd.services.postgresql = {
      description = "PostgreSQL Server";
      after = [ "network.target" ];
      environment.PGDATA = cfg.dataDir;
      path = [ cfg.finalPackage ];
      preStart = ''
        if ! test -e ${cfg.dataDir}/PG_VERSION; then
          rm -f ${cfg.dataDir}/*.conf
          initdb -U ${cfg.superUser} ${lib.escapeShellArgs cfg.initdbArgs}
          touch "${cfg.dataDir}/.first_startup"
        fi
        ln -sfn "${configFile}" "${cfg.dataDir}/postgresql.conf"
      '';
      postStart = ''
        ${psql}
        while ! $PSQL -d postgres -c "" 2> /dev/null; do
          if ! kill -0 "$MAINPID"; then exit 1; fi
          sleep 0.1
        done
        if test -e "${cfg.dataDir}/.first_startup"; then
          ${lib.optionalString (cfg.initialScript != null) "$PSQL -f ${cfg.initialScript} -d postgres"}
          rm -f "${cfg.dataDir}/.first_startup"
        fi
        ${setup}
      '';
      serviceConfig = {
        ExecReload = "${pkgs.procps}/bin/kill -HUP $MAINPID";
        User = "postgres";
        Group = "postgres";
        RuntimeDirectory = "postgresql";
        StateDirectory = mkIf (cfg.dataDir == "/var/lib/postgresql/${version}") "postgresql postgresql/${version}";
        StateDirectoryMode = "0750";
        KillSignal = "SIGINT";
        KillMode = "mixed";
        TimeoutSec = 120;
        ExecStart = "${cfg.finalPackage}/bin/postgres";
        Type = "notify";
        Restart = "always";
      };
      unitConfig.RequiresMountsFor = toString cfg.dataDir;
    };
  };
}
