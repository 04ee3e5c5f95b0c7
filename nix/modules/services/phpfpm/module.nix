# PHP-FPM: processes that run PHP for web servers, in pools.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.phpfpm;
  atom = types.oneOf [ types.str types.int types.bool ];
  show = value: if lib.isBool value then (if value then "yes" else "no") else toString value;
  lines = settings: lib.concatStrings (lib.mapAttrsToList (name: value: "${name} = ${show value}\n") settings);
  conf =
    pool:
    pkgs.writeText "phpfpm-${pool.name}.conf" ''
      [global]
      ${lines cfg.settings}${cfg.extraConfig}
      [${pool.name}]
      ${lines pool.settings}${lib.concatStrings (
        lib.mapAttrsToList (name: value: "env[${name}] = ${show value}\n") pool.phpEnv
      )}${pool.extraConfig}
    '';
  ini =
    pool:
    pkgs.runCommand "php.ini" { options = pool.phpOptions; passAsFile = [ "options" ]; } ''
      cat ${pool.phpPackage}/lib/php/8.2/php.ini-production $optionsPath > $out
    '';
  poolModule =
    { name, config, ... }:
    {
      options = {
        name = mkOption {
          type = types.str;
          default = name;
          internal = true;
          description = "Name of the pool.";
        };
        socket = mkOption {
          type = types.str;
          readOnly = true;
          default = if config.listen == "" then "/run/phpfpm/${name}.sock" else config.listen;
          defaultText = lib.literalExpression ''"/run/phpfpm/NAME.sock"'';
          description = "Where it listens.";
        };
        listen = mkOption {
          type = types.str;
          default = "";
          description = "Where it listens, instead of a socket of its own.";
        };
        phpPackage = mkOption {
          type = types.package;
          default = cfg.phpPackage;
          defaultText = lib.literalExpression "config.services.phpfpm.phpPackage";
          description = "The package of PHP.";
        };
        phpOptions = mkOption {
          type = types.lines;
          default = cfg.phpOptions;
          defaultText = lib.literalExpression "config.services.phpfpm.phpOptions";
          description = "Lines of `php.ini`.";
        };
        phpEnv = mkOption {
          type = types.attrsOf types.str;
          default = { };
          description = "Environment of the programs.";
        };
        user = mkOption {
          type = types.str;
          description = "User of the pool.";
        };
        group = mkOption {
          type = types.str;
          description = "Group of the pool.";
        };
        settings = mkOption {
          type = types.attrsOf atom;
          default = { };
          description = "Settings of the pool.";
        };
        extraConfig = mkOption {
          type = types.lines;
          default = "";
          visible = false;
          description = "Older option: lines of the pool.";
        };
      };
      config.settings = {
        listen = config.socket;
        user = config.user;
        group = lib.mkIf (config.group != "") config.group;
      };
      config.group = lib.mkOptionDefault "";
    };
in
{
  options.services.phpfpm = {
    settings = mkOption {
      type = types.attrsOf atom;
      default = { };
      description = "Settings for all pools.";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      visible = false;
      description = "Older option: lines for all pools.";
    };
    phpPackage = lib.mkPackageOption pkgs "php" { };
    phpOptions = mkOption {
      type = types.lines;
      default = "";
      description = "Lines of `php.ini`.";
    };
    pools = mkOption {
      type = types.attrsOf (types.submodule poolModule);
      default = { };
      description = "Pools by name.";
    };
  };
  config = lib.mkIf (cfg.pools != { }) {
    services.phpfpm.settings = {
      error_log = "syslog";
      daemonize = false;
    };
    # Extensions and their settings are where Debian has them.
    system.usrPackages = [ cfg.phpPackage ];
    systemd.slices.system-phpfpm = { };
    systemd.targets.phpfpm = {
      description = "PHP FastCGI Process manager pools target";
      wantedBy = [ "multi-user.target" ];
    };
    systemd.services = lib.mapAttrs' (
      name: pool:
      lib.nameValuePair "phpfpm-${name}" {
        description = "PHP FastCGI Process Manager service for pool ${name}";
        after = [ "network.target" ];
        wantedBy = [ "phpfpm.target" ];
        partOf = [ "phpfpm.target" ];
        environment.PHP_INI_SCAN_DIR = cfg.phpPackage.extensionSettings;
        serviceConfig = {
          Slice = "system-phpfpm.slice";
          PrivateDevices = true;
          PrivateTmp = true;
          ProtectSystem = "full";
          ProtectHome = true;
          Type = "notify";
          ExecStart = "${pool.phpPackage}/bin/php-fpm -y ${conf pool} -c ${ini pool}";
          ExecReload = "${pkgs.coreutils}/bin/kill -USR2 $MAINPID";
          RuntimeDirectory = "phpfpm";
          RuntimeDirectoryPreserve = true;
          Restart = "always";
        };
      }
    ) cfg.pools;
  };
}
