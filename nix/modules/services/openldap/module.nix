# OpenLDAP: a directory server, whose configuration is a directory itself.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.openldap;
  value = types.oneOf [
    types.str
    types.path
    (types.submodule {
      options = {
        path = mkOption {
          type = types.path;
          description = "File that holds the value.";
        };
      };
    })
    (types.submodule {
      options.base64 = mkOption {
        type = types.str;
        description = "The value in base64.";
      };
    })
  ];
  entryOptions = {
    attrs = mkOption {
      type = types.attrsOf (types.coercedTo value lib.singleton (types.listOf value));
      default = { };
      description = "Attributes of the entry.";
    };
    children = mkOption {
      type = types.attrsOf (types.submodule { options = entryOptions; });
      default = { };
      description = "Entries below, by the first part of their name.";
    };
    includes = mkOption {
      type = types.listOf types.path;
      default = [ ];
      description = "LDIF files that stand before the entries below.";
    };
  };
  showValue =
    name: v:
    if lib.isAttrs v && v ? path then
      "${name}:< file://${v.path}"
    else if lib.isAttrs v then
      "${name}:: ${v.base64}"
    else
      "${name}: ${lib.replaceStrings [ "\n" ] [ "\n " ] (toString v)}";
  entry =
    dn: e:
    "dn: ${dn}\n"
    + lib.concatStringsSep "\n" (
      lib.concatLists (lib.mapAttrsToList (name: values: map (showValue name) values) e.attrs)
    )
    + "\n\n"
    + lib.concatMapStrings (file: "include: file://${file}\n\n") e.includes
    + lib.concatStrings (lib.mapAttrsToList (name: child: entry "${name},${dn}" child) e.children);
  settingsFile = pkgs.writeText "config.ldif" (entry "cn=config" cfg.settings);
  # Databases by their suffix.
  databases = lib.filterAttrs (name: _: lib.hasPrefix "olcDatabase=" name) cfg.settings.children;
  # Numbers for `slapadd`: the configuration is 0, the frontend -1.
  contents = lib.mapAttrs (dn: text: pkgs.writeText "${dn}.ldif" text) cfg.declarativeContents;
  folders = lib.filter (d: d != null) (
    map (d: if d.attrs ? olcDbDirectory then lib.head d.attrs.olcDbDirectory else null) (lib.attrValues databases)
  );
  configDir = if cfg.configDir != null then cfg.configDir else "/var/lib/openldap/slapd.d";
in
{
  options.services.openldap = {
    enable = lib.mkEnableOption "OpenLDAP";
    package = lib.mkPackageOption pkgs "openldap" { };
    user = mkOption {
      type = types.str;
      default = "openldap";
      description = "User it runs as.";
    };
    group = mkOption {
      type = types.str;
      default = "openldap";
      description = "Group it runs as.";
    };
    urlList = mkOption {
      type = types.listOf types.str;
      default = [ "ldap:///" ];
      description = "Where it listens.";
    };
    settings = mkOption {
      type = types.submodule { options = entryOptions; };
      default = { };
      description = "The directory `cn=config`.";
    };
    configDir = mkOption {
      type = types.nullOr types.path;
      default = null;
      description = "A configuration that is there already, instead of `settings`.";
    };
    mutableConfig = lib.mkEnableOption "changes of the configuration that outlive restarts";
    declarativeContents = mkOption {
      type = types.attrsOf types.lines;
      default = { };
      description = "LDIF by suffix: at each start the database is made anew from it.";
    };
  };
  config = lib.mkIf cfg.enable (
    lib.mkMerge [
      (import ../../own-user.nix {
        inherit lib cfg;
        name = "openldap";
      })
      {
        services.openldap.settings = {
          attrs = {
            objectClass = "olcGlobal";
            cn = "config";
          };
          children."cn=schema".attrs = {
            cn = "schema";
            objectClass = "olcSchemaConfig";
          };
        };
        environment.systemPackages = [ cfg.package ];
        # Back ends are modules that are loaded by their folder in /usr.
        system.usrPackages = [ cfg.package ];
        systemd.services.openldap = {
          description = "OpenLDAP Server Daemon";
          wantedBy = [ "multi-user.target" ];
          after = [ "network-online.target" ];
          wants = [ "network-online.target" ];
          preStart = ''
            ${lib.optionalString (cfg.configDir == null) ''
              ${lib.optionalString (!cfg.mutableConfig) "rm -rf ${configDir}/*"}
              if ! test -e ${configDir}/cn=config.ldif; then
                mkdir -p ${configDir}
                ${cfg.package}/bin/slapadd -F ${configDir} -bcn=config -l ${settingsFile}
              fi
            ''}
            ${lib.concatStrings (
              lib.mapAttrsToList (dn: file: ''
                directory=$(sed -n '/^olcSuffix: ${dn}$/,$ { s/^olcDbDirectory: //p }' ${configDir}/cn=config/olcDatabase=*.ldif | head -n 1)
                rm -rf "''${directory:-/var/lib/openldap/db}"/*
                ${cfg.package}/bin/slapadd -F ${configDir} -b ${dn} -l ${file}
              '') contents
            )}
            ${cfg.package}/bin/slaptest -u -F ${configDir}
          '';
          serviceConfig = {
            User = cfg.user;
            Group = cfg.group;
            Type = "notify";
            NotifyAccess = "all";
            RuntimeDirectory = "openldap";
            StateDirectory = [ "openldap" ] ++ map (lib.removePrefix "/var/lib/") (lib.filter (lib.hasPrefix "/var/lib/") folders);
            StateDirectoryMode = "700";
            AmbientCapabilities = [ "CAP_NET_BIND_SERVICE" ];
            ExecStart = "${cfg.package}/bin/slapd -d 0 -h ${lib.escapeShellArg (toString cfg.urlList)} -F ${configDir}";
          };
        };
      }
    ]
  );
}
