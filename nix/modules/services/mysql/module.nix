# MariaDB, under the name of MySQL.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.mysql;
  format = pkgs.formats.ini { listsAsDuplicateKeys = true; };
  file = format.generate "my.cnf" cfg.settings;
  client = "${cfg.package}/bin/mariadb -u ${superUser} -N";
  superUser = if isOwn then cfg.user else "root";
  isOwn = cfg.user == "mysql";
  grant =
    user:
    lib.concatStringsSep "\n" (
      [ "CREATE USER IF NOT EXISTS '${user.name}'@'localhost' IDENTIFIED WITH unix_socket;" ]
      ++ lib.mapAttrsToList (
        database: permission: "GRANT ${permission} ON ${database} TO '${user.name}'@'localhost';"
      ) user.ensurePermissions
    );
  database =
    entry:
    let
      found = "${cfg.dataDir}/${entry.name}";
    in
    ''
      if ! test -e ${found}; then
        echo 'CREATE DATABASE `${entry.name}`;' | ${client}
        ${lib.optionalString (entry.schema != null) ''
          if test -f ${entry.schema}; then
            cat ${entry.schema} | ${client} ${entry.name}
          else
            cat ${entry.schema}/mysql-databases/*.sql | ${client} ${entry.name}
          fi
        ''}
      fi
    '';
in
{
  options.services.mysql = {
    enable = lib.mkEnableOption "the MySQL server";
    package = mkOption {
      type = types.package;
      default = pkgs.mariadb;
      defaultText = lib.literalExpression "pkgs.mariadb";
      description = "The package; Debian has MariaDB.";
    };
    user = mkOption {
      type = types.str;
      default = "mysql";
      description = "User it runs as.";
    };
    group = mkOption {
      type = types.str;
      default = "mysql";
      description = "Group it runs as.";
    };
    dataDir = mkOption {
      type = types.path;
      default = "/var/lib/mysql";
      description = "Folder of the data.";
    };
    bind = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "Older option: the address.";
    };
    port = mkOption {
      type = types.port;
      default = 3306;
      visible = false;
      description = "Older option: the port.";
    };
    settings = mkOption {
      type = format.type;
      default = { };
      example = { mysqld.key_buffer_size = "6G"; };
      description = "Settings of `my.cnf`, section by section.";
    };
    configFile = mkOption {
      type = types.path;
      default = file;
      defaultText = lib.literalMD "made from `settings`";
      description = "The configuration.";
    };
    extraOptions = mkOption {
      type = types.lines;
      default = "";
      visible = false;
      description = "Older option: lines of the section `mysqld`.";
    };
    initialDatabases = mkOption {
      type = types.listOf (
        types.submodule {
          options = {
            name = mkOption {
              type = types.str;
              description = "Name of the database.";
            };
            schema = mkOption {
              type = types.nullOr types.path;
              default = null;
              description = "SQL that fills it.";
            };
          };
        }
      );
      default = [ ];
      description = "Databases made at the first start.";
    };
    initialScript = mkOption {
      type = types.nullOr types.path;
      default = null;
      description = "SQL run at the first start.";
    };
    ensureDatabases = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Databases that are made when they are missing.";
    };
    ensureUsers = mkOption {
      type = types.listOf (
        types.submodule {
          options = {
            name = mkOption {
              type = types.str;
              description = "Name of the user, who logs in as the system's user of that name.";
            };
            ensurePermissions = mkOption {
              type = types.attrsOf types.str;
              default = { };
              example = { "db.*" = "ALL PRIVILEGES"; };
              description = "What the user may do, by table.";
            };
          };
        }
      );
      default = [ ];
      description = "Users that are made when they are missing.";
    };
  };
  config = lib.mkIf cfg.enable (
    lib.mkMerge [
      (import ../../own-user.nix {
        inherit lib cfg;
        name = "mysql";
        settings.description = "MySQL server user";
      })
      {
        services.mysql.settings.mysqld = lib.mkMerge [
          {
            datadir = cfg.dataDir;
            port = lib.mkDefault cfg.port;
            bind-address = lib.mkIf (cfg.bind != null) (lib.mkDefault cfg.bind);
            socket = lib.mkDefault "/run/mysqld/mysqld.sock";
            plugin-load-add = [ "auth_socket.so" ];
          }
          (lib.listToAttrs (
            map (
              line:
              let
                parts = lib.splitString "=" line;
              in
              lib.nameValuePair (lib.trim (lib.head parts)) (
                lib.mkDefault (lib.trim (lib.concatStringsSep "=" (lib.tail parts)))
              )
            ) (lib.filter (line: lib.trim line != "") (lib.splitString "\n" cfg.extraOptions))
          ))
        ];
        services.mysql.settings.client.socket = lib.mkDefault "/run/mysqld/mysqld.sock";
        environment.systemPackages = [ cfg.package ];
        environment.etc."my.cnf".source = cfg.configFile;
        # Messages, character sets and plug-ins are where Debian has them.
        system.usrPackages = [ cfg.package ];
        systemd.tmpfiles.rules = [ "d '${cfg.dataDir}' 0700 ${cfg.user} ${cfg.group}" ];
        systemd.services.mysql = {
          description = "MySQL Server";
          wantedBy = [ "multi-user.target" ];
          after = [ "network.target" ];
          aliases = [ "mariadb.service" ];
          restartTriggers = [ cfg.configFile ];
          path = [ cfg.package pkgs.coreutils pkgs.gnused pkgs.hostname-debian pkgs.gawk ];
          unitConfig.RequiresMountsFor = cfg.dataDir;
          preStart = ''
            if ! test -e ${cfg.dataDir}/mysql; then
              ${cfg.package}/bin/mariadb-install-db --defaults-file=/etc/my.cnf --user=${cfg.user} \
                --auth-root-socket-user=${superUser} --auth-root-authentication-method=socket --skip-test-db
              touch ${cfg.dataDir}/mysql_init
            fi
          '';
          postStart = ''
            if test -f ${cfg.dataDir}/mysql_init; then
              ${lib.concatMapStrings database cfg.initialDatabases}
              ${lib.optionalString (cfg.initialScript != null) "cat ${cfg.initialScript} | ${client}"}
              rm ${cfg.dataDir}/mysql_init
            fi
            ${lib.optionalString (cfg.ensureDatabases != [ ] || cfg.ensureUsers != [ ]) ''
              cat ${
                pkgs.writeText "ensure.sql" (
                  lib.concatMapStrings (name: "CREATE DATABASE IF NOT EXISTS `${name}`;\n") cfg.ensureDatabases
                  + lib.concatMapStringsSep "\n" grant cfg.ensureUsers
                )
              } | ${client}
            ''}
          '';
          serviceConfig = {
            Type = "notify";
            ExecStart = "${cfg.package}/bin/mariadbd --defaults-file=/etc/my.cnf";
            User = cfg.user;
            Group = cfg.group;
            RuntimeDirectory = "mysqld";
            RuntimeDirectoryMode = "0755";
            Restart = "on-abort";
            RestartSec = "5s";
            TimeoutSec = 900;
            ProtectSystem = "strict";
            ReadWritePaths = [ cfg.dataDir ];
            ProtectHome = true;
            PrivateTmp = true;
            PrivateDevices = true;
            NoNewPrivileges = true;
          };
        };
      }
    ]
  );
}
