# Kerberos: clients (`security.krb5`), and the server of MIT's (`services.kerberos_server`).
{ config, lib, options, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.security.krb5;
  server = config.services.kerberos_server;
  old = config.krb5;
  atom = types.nullOr (types.oneOf [ types.bool types.int types.str ]);
  show = value: if lib.isBool value then lib.boolToString value else if lib.isList value then lib.concatStringsSep " " (map show value) else toString value;
  relation =
    indent: name: value:
    if lib.isAttrs value then
      "${indent}${name} = {\n${body "${indent}  " value}${indent}}\n"
    else if lib.isList value then
      lib.concatMapStrings (relation indent name) value
    else
      "${indent}${name} = ${show value}\n";
  body = indent: set: lib.concatStrings (lib.mapAttrsToList (relation indent) (lib.filterAttrs (_: value: value != null) set));
  includes = word: list: lib.concatMapStrings (path: "${word} ${path}\n") list;
  section = name: set: "[${name}]\n${body "  " set}\n";
  text =
    settings:
    includes "include" (settings.include or [ ])
    + includes "includedir" (settings.includedir or [ ])
    + includes "module" (settings.module or [ ])
    + lib.concatStrings (lib.mapAttrsToList section (removeAttrs settings [ "include" "includedir" "module" ]));
  settingsType = types.submodule {
    freeformType = types.attrsOf types.anything;
    options = lib.genAttrs [ "include" "includedir" "module" ] (
      word:
      mkOption {
        type = types.coercedTo types.path lib.singleton (types.listOf types.path);
        default = [ ];
        description = "Paths after the word `${word}`.";
      }
    );
  };

  # The form of 2020: sections as sets or as text, in a fixed order.
  oldSection = description: mkOption {
    type = types.either types.attrs types.lines;
    default = { };
    visible = false;
    inherit description;
  };
  oldSections = [ "libdefaults" "realms" "domain_realm" "capaths" "appdefaults" "plugins" ];
  oldText = value: if lib.isString value then lib.concatMapStrings (line: "  ${line}\n") (lib.splitString "\n" (lib.trim value)) else body "  " value;
  withShort = {
    libdefaults = lib.optionalAttrs (old.defaultRealm != null) { default_realm = old.defaultRealm; };
    realms = lib.optionalAttrs (old.kdc != null || old.kerberosAdminServer != null) {
      ${old.defaultRealm} = lib.optionalAttrs (old.kdc != null) { inherit (old) kdc; } // lib.optionalAttrs (old.kerberosAdminServer != null) { admin_server = old.kerberosAdminServer; };
    };
    domain_realm = lib.optionalAttrs (old.domainRealm != null) {
      ".${old.domainRealm}" = old.defaultRealm;
      ${old.domainRealm} = old.defaultRealm;
    };
  };
  sectionOf = name: let given = old.${name}; in if given == { } then withShort.${name} or { } else if lib.isAttrs given then withShort.${name} or { } // given else given;
  oldFile =
    if old.config != null then
      old.config
    else
      # An empty section is an empty line.
      lib.concatMapStringsSep "\n" (name: "[${name}]\n${lib.removeSuffix "\n" (oldText (sectionOf name))}\n") oldSections
      + lib.optionalString (old.extraConfig != null) "\n${old.extraConfig}";
  maybe = mkOption {
    type = types.nullOr types.str;
    default = null;
    visible = false;
    description = "Older option: a setting of `security.krb5.settings`.";
  };

  realmOptions.options.acl = mkOption {
    type = types.listOf (
      types.submodule {
        options = {
          principal = mkOption {
            type = types.str;
            description = "Who.";
          };
          access = mkOption {
            type = types.either (types.listOf (types.enum [ "add" "cpw" "delete" "get" "get-keys" "list" "modify" ])) (types.enum [ "all" "get-keys" ]);
            default = "all";
            description = "What they may do.";
          };
          target = mkOption {
            type = types.str;
            default = "*";
            description = "With whom.";
          };
        };
      }
    );
    default = [
      { principal = "*/admin"; access = "all"; }
      { principal = "admin"; access = "all"; }
    ];
    description = "Who may administer the realm.";
  };
  letters = {
    add = "a";
    cpw = "c";
    delete = "d";
    get = "i";
    list = "l";
    modify = "m";
    get-keys = "e";
    all = "*";
  };
  aclLine = a: "${a.principal} ${lib.concatMapStrings (word: letters.${word}) (lib.toList a.access)} ${a.target}\n";
  realms = server.settings.realms or { };
  aclFile = name: realm: pkgs.writeText "${name}.acl" (lib.concatMapStrings aclLine realm.acl);
  kdcText = text (
    removeAttrs server.settings [ "realms" ]
    // {
      realms = lib.mapAttrs (name: realm: { acl_file = "${aclFile name realm}"; } // removeAttrs realm [ "acl" ]) realms;
    }
  );
  package = cfg.package;
  daemon = description: command: {
    inherit description;
    partOf = [ "kerberos-server.target" ];
    wantedBy = [ "kerberos-server.target" ];
    restartTriggers = [ kdcText ];
    serviceConfig = {
      Type = "forking";
      PIDFile = "/run/${command}.pid";
      ExecStart = "${package}/bin/${command} -P /run/${command}.pid";
      StateDirectory = "krb5kdc";
      Slice = "system-kerberos-server.slice";
    };
  };
in
{
  options.security.krb5 = {
    enable = lib.mkEnableOption "Kerberos";
    package = lib.mkPackageOption pkgs "krb5" { };
    settings = mkOption {
      type = settingsType;
      default = { };
      description = "Settings of `krb5.conf`.";
    };
  };
  options.krb5 = {
    enable = mkOption {
      type = types.bool;
      default = false;
      visible = false;
      description = "Older option: `security.krb5.enable`.";
    };
    kerberos = mkOption {
      type = types.package;
      default = pkgs.krb5;
      visible = false;
      description = "Older option: `security.krb5.package`.";
    };
    config = mkOption {
      type = types.nullOr types.lines;
      default = null;
      visible = false;
      description = "Older option: the whole of `krb5.conf`.";
    };
    extraConfig = mkOption {
      type = types.nullOr types.lines;
      default = null;
      visible = false;
      description = "Older option: lines of `krb5.conf`.";
    };
    defaultRealm = maybe;
    domainRealm = maybe;
    kdc = maybe;
    kerberosAdminServer = maybe;
  }
  // lib.genAttrs oldSections (name: oldSection "Older option: the section `${name}`.");
  options.services.kerberos_server = {
    enable = lib.mkEnableOption "the Kerberos server";
    realms = mkOption {
      type = types.attrsOf (types.submodule realmOptions);
      default = { };
      visible = false;
      description = "Older option: `settings.realms`.";
    };
    extraKDCArgs = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Arguments of the KDC.";
    };
    settings = mkOption {
      type = types.submodule {
        freeformType = types.attrsOf types.anything;
        options.realms = mkOption {
          type = types.attrsOf (types.submodule { imports = [ realmOptions ]; freeformType = types.attrsOf types.anything; });
          default = { };
          description = "Realms by name.";
        };
      };
      default = { };
      description = "Settings of `kdc.conf`.";
    };
  };
  config = lib.mkMerge [
    (lib.mkIf old.enable {
      security.krb5.enable = true;
      security.krb5.package = old.kerberos;
      environment.etc."krb5.conf".text = lib.mkForce oldFile;
    })
    (lib.mkIf cfg.enable {
      environment.systemPackages = [ cfg.package ];
      environment.etc."krb5.conf".text = text cfg.settings;
    })
    (lib.mkIf server.enable {
      services.kerberos_server.settings.realms = server.realms;
      environment.systemPackages = [ package ];
      environment.etc."krb5kdc/kdc.conf".text = kdcText;
      # Where Debian's programs look.
      environment.variables.KRB5_KDC_PROFILE = "/etc/krb5kdc/kdc.conf";
      assertions = [
        {
          assertion = lib.length (lib.attrNames realms) == 1;
          message = "services.kerberos_server.settings.realms: base's server has exactly one realm.";
        }
      ];
      systemd.slices.system-kerberos-server = { };
      systemd.targets.kerberos-server = {
        wantedBy = [ "multi-user.target" ];
      };
      systemd.tmpfiles.rules = [ "d /var/lib/krb5kdc 0700 root root -" ];
      systemd.services.kadmind = daemon "Kerberos Administration Daemon" "kadmind";
      systemd.services.kdc = lib.recursiveUpdate (daemon "Key Distribution Center daemon" "krb5kdc") {
        serviceConfig.ExecStart = "${package}/bin/krb5kdc -P /run/krb5kdc.pid ${lib.escapeShellArgs server.extraKDCArgs}";
      };
    })
  ];
}
