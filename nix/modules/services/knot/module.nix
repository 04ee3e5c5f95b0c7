# Knot DNS: a server of names.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.knot;
  # Knot reads its own kind of YAML: sections in an order, lists of sets whose first attribute is the name.
  sections = [ "module" "server" "xdp" "control" "log" "statistics" "database" "keystore" "key" "remote" "remotes" "acl" "submission" "policy" "dnskey-sync" "external" "catalog" "template" "zone" "include" ];
  show =
    value:
    if lib.isBool value then (if value then "on" else "off") else if lib.isList value then "[ ${lib.concatMapStringsSep ", " show value} ]" else toString value;
  fields = set: lib.concatStrings (lib.mapAttrsToList (name: value: "    ${name}: ${show value}\n") set);
  named = key: name: set: "  - ${key}: ${name}\n" + fields (removeAttrs set [ key ]);
  keyOf = section: if section == "zone" then "domain" else if section == "log" then "target" else "id";
  listed = section: set: let key = keyOf section; in named key set.${key} set;
  isNamed = value: lib.isAttrs value && lib.all lib.isAttrs (lib.attrValues value) && value != { };
  section =
    name:
    if !(cfg.settings ? ${name}) then
      ""
    else
      let
        value = cfg.settings.${name};
      in
      if name == "include" then
        lib.concatMapStrings (file: "include: ${file}\n") (lib.toList value)
      else
        "${name}:\n"
        + (
          if lib.isList value then
            lib.concatMapStrings (listed name) value
          else if isNamed value then
            lib.concatStrings (lib.mapAttrsToList (id: set: named (keyOf name) id set) value)
          else
            fields value
        );
  unchecked = pkgs.writeText "knot.conf" (
    lib.concatMapStrings (file: "include: ${file}\n") cfg.keyFiles
    + lib.concatMapStrings section (lib.unique (lib.filter (n: n != "module") sections ++ lib.filter (n: !lib.elem n sections) (lib.attrNames cfg.settings)))
    + cfg.extraConfig
  );
  file = if cfg.settingsFile != null then cfg.settingsFile else unchecked;
in
{
  options.services.knot = {
    enable = lib.mkEnableOption "the server of names Knot DNS";
    package = lib.mkPackageOption pkgs "knot-dns" { };
    enableXDP = lib.mkEnableOption "network interfaces passed by XDP";
    checkConfig = mkOption {
      type = types.bool;
      default = true;
      description = "Whether the configuration is checked before the server starts.";
    };
    extraArgs = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Arguments of knotd.";
    };
    keyFiles = mkOption {
      type = types.listOf types.path;
      default = [ ];
      description = "Files of configuration with keys, which stay out of the store.";
    };
    settings = mkOption {
      type = types.attrsOf types.anything;
      default = { };
      description = "Settings of `knot.conf`.";
    };
    settingsFile = mkOption {
      type = types.nullOr types.path;
      default = null;
      description = "A configuration of one's own instead.";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      visible = false;
      description = "Older option: lines of `knot.conf`.";
    };
  };
  config = lib.mkIf cfg.enable {
    users.users.knot = {
      isSystemUser = true;
      group = "knot";
      description = "Knot daemon user";
    };
    users.groups.knot = { };
    environment.etc."knot/knot.conf".source = file;
    environment.systemPackages = [ cfg.package ];
    systemd.services.knot = {
      description = cfg.package.meta.description;
      documentation = [ "man:knotd(8)" "man:knot.conf(5)" ];
      after = [ "network.target" ];
      wantedBy = [ "multi-user.target" ];
      restartTriggers = [ file ];
      serviceConfig = {
        Type = "notify";
        ExecStartPre = lib.mkIf cfg.checkConfig [ "${cfg.package}/bin/knotc --config=${file} conf-check" ];
        ExecStart = "${cfg.package}/bin/knotd --config=${file} --socket=/run/knot/knot.sock ${lib.escapeShellArgs cfg.extraArgs}";
        ExecReload = "${cfg.package}/bin/knotc --socket=/run/knot/knot.sock reload";
        User = "knot";
        Group = "knot";
        AmbientCapabilities = [ "CAP_NET_BIND_SERVICE" ];
        CapabilityBoundingSet = [ "CAP_NET_BIND_SERVICE" ];
        NoNewPrivileges = true;
        PrivateDevices = true;
        PrivateTmp = true;
        ProtectHome = true;
        ProtectSystem = "strict";
        Restart = "on-abort";
        RuntimeDirectory = "knot";
        StateDirectory = "knot";
        StateDirectoryMode = "0700";
        UMask = "0077";
      };
    };
  };
}
