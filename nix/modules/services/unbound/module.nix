# Unbound: a resolver of names that validates and keeps what it was told.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkDefault mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag maybe text;
  cfg = config.services.unbound;
  loopback = [ "127.0.0.1" ] ++ lib.optional config.networking.enableIPv6 "::1";
  trustAnchor = "${cfg.stateDir}/root.key";

  plain = value: if builtins.isBool value then lib.boolToYesNo value else if builtins.isFloat value then builtins.toJSON value else toString value;
  # Lists are a line, or a clause, for each element.
  lines =
    indent: name: value:
    if builtins.isList value then
      lib.concatMap (lines indent name) value
    else if builtins.isAttrs value then
      [ "${indent}${name}:" ] ++ clause "${indent}  " value
    else
      [ "${indent}${name}: ${plain value}" ];
  clause = indent: values: lib.concatLists (lib.mapAttrsToList (lines indent) values);
  server = removeAttrs cfg.settings.server [ "define-tag" ];
  # Tags have to be known before they are used, and the server before what belongs to it.
  file = pkgs.writeText "unbound.conf" (
    lib.concatLines (
      [ "server:" ]
      ++ lib.optional (cfg.settings.server.define-tag != "") "  define-tag: ${cfg.settings.server.define-tag}"
      ++ clause "  " server
      ++ clause "" (removeAttrs cfg.settings [ "server" ])
    )
  );
  # The folder of state is not there while this is built.
  checked = pkgs.runCommandLocal "unbound.conf" { } ''
    mkdir state
    sed -e '/auto-trust-anchor-file/d' -e "s|${cfg.stateDir}|$PWD/state|" ${file} > checked.conf
    ${cfg.package}/bin/unbound-checkconf checked.conf
    cp ${file} $out
  '';
  source = if cfg.checkconf then checked else file;

  scalar = types.oneOf [ types.bool types.int types.float types.str ];
  values = types.attrsOf (types.either scalar (types.listOf scalar));
in
{
  imports = [
    (lib.mkRenamedOptionModule [ "services" "unbound" "interfaces" ] [ "services" "unbound" "settings" "server" "interface" ])
    (lib.mkChangedOptionModule [ "services" "unbound" "allowedAccess" ] [ "services" "unbound" "settings" "server" "access-control" ] (
      config: map (from: "${from} allow") config.services.unbound.allowedAccess
    ))
    (lib.mkRemovedOptionModule [ "services" "unbound" "forwardAddresses" ] "Use `services.unbound.settings.forward-zone`, a list of sets with `name` and `forward-addr`.")
    (lib.mkRemovedOptionModule [ "services" "unbound" "extraConfig" ] "Use `services.unbound.settings`.")
  ];

  options.services.unbound = {
    enable = lib.mkEnableOption "Unbound, a resolver of names";
    package = lib.mkPackageOption pkgs "unbound" { };
    user = text "unbound" "User it runs as.";
    group = text "unbound" "Group it runs as.";
    stateDir = mkOption {
      type = types.path;
      default = "/var/lib/unbound";
      description = "Folder of its keys.";
    };
    checkconf = mkOption {
      type = types.bool;
      default = !cfg.settings ? include && !cfg.settings ? remote-control;
      defaultText = lib.literalMD "whether `settings` has neither `include` nor `remote-control`";
      description = "Whether the configuration is checked when the machine is built.";
    };
    resolveLocalQueries = flag true "Whether this machine asks it for all names.";
    enableRootTrustAnchor = flag true "Whether answers are validated by the keys of the root zone.";
    localControlSocketPath = maybe types.str "Socket for `unbound-control`.";
    settings = mkOption {
      type = types.submodule {
        freeformType = types.attrsOf (types.oneOf [ scalar (types.listOf (types.either scalar values)) values ]);
        options.remote-control.control-enable = flag false "Whether `unbound-control` reaches it.";
      };
      default = { };
      example.forward-zone = [
        {
          name = ".";
          forward-addr = "192.0.2.53";
        }
      ];
      description = "The configuration, `unbound.conf(5)`: clauses by name, a list where a clause or a setting comes several times.";
    };
  };

  config = lib.mkIf cfg.enable {
    services.unbound.settings = {
      server = {
        directory = mkDefault cfg.stateDir;
        # The service manager takes care of these.
        username = ''""'';
        chroot = ''""'';
        pidfile = ''""'';
        do-daemonize = false;
        interface = mkDefault loopback;
        access-control = mkDefault ([ "127.0.0.0/8 allow" ] ++ lib.optional config.networking.enableIPv6 "::1/128 allow");
        auto-trust-anchor-file = lib.mkIf cfg.enableRootTrustAnchor trustAnchor;
        tls-cert-bundle = mkDefault "/etc/ssl/certs/ca-certificates.crt";
        # Addresses may come later.
        ip-freebind = mkDefault true;
        define-tag = mkDefault "";
      };
      remote-control = {
        control-enable = mkDefault false;
        control-interface = mkDefault loopback;
        server-key-file = mkDefault "${cfg.stateDir}/unbound_server.key";
        server-cert-file = mkDefault "${cfg.stateDir}/unbound_server.pem";
        control-key-file = mkDefault "${cfg.stateDir}/unbound_control.key";
        control-cert-file = mkDefault "${cfg.stateDir}/unbound_control.pem";
      }
      // lib.optionalAttrs (cfg.localControlSocketPath != null) {
        control-enable = true;
        control-interface = cfg.localControlSocketPath;
      };
    };
    environment.systemPackages = [ cfg.package ];
    environment.etc."unbound/unbound.conf".source = source;
    networking.resolvconf.useLocalResolver = lib.mkIf cfg.resolveLocalQueries (mkDefault true);
    users.users = lib.mkIf (cfg.user == "unbound") {
      unbound = {
        description = "unbound daemon user";
        isSystemUser = true;
        inherit (cfg) group;
      };
    };
    users.groups = lib.mkIf (cfg.group == "unbound") { unbound = { }; };
    systemd.services.unbound = {
      description = "Unbound recursive Domain Name Server";
      after = [ "network.target" ];
      before = [ "nss-lookup.target" ];
      wantedBy = [ "multi-user.target" "nss-lookup.target" ];
      path = lib.optional cfg.settings.remote-control.control-enable pkgs.openssl;
      restartTriggers = [ source ];
      preStart =
        lib.optionalString cfg.enableRootTrustAnchor ''
          ${pkgs.debian.unbound-anchor}/bin/unbound-anchor -a ${trustAnchor} || echo "The root zone's keys were renewed."
        ''
        + lib.optionalString cfg.settings.remote-control.control-enable ''
          ${cfg.package}/bin/unbound-control-setup -d ${cfg.stateDir}
        '';
      serviceConfig = import ../../hardening.nix // {
        Type = "notify";
        NotifyAccess = "main";
        ExecStart = "${cfg.package}/bin/unbound -p -d -c /etc/unbound/unbound.conf";
        ExecReload = "+/run/current-system/sw/bin/kill -HUP $MAINPID";
        User = cfg.user;
        Group = cfg.group;
        AmbientCapabilities = [ "CAP_NET_BIND_SERVICE" "CAP_NET_RAW" ];
        CapabilityBoundingSet = [ "CAP_NET_BIND_SERVICE" "CAP_NET_RAW" ];
        PrivateDevices = true;
        ProtectClock = true;
        ProtectSystem = "strict";
        RuntimeDirectory = "unbound";
        ConfigurationDirectory = "unbound";
        StateDirectory = "unbound";
        ReadWritePaths = [ cfg.stateDir ];
        RestrictAddressFamilies = [ "AF_INET" "AF_INET6" "AF_NETLINK" "AF_UNIX" ];
        SystemCallFilter = [ "@system-service" ];
        Restart = "on-failure";
        RestartSec = "5s";
      };
    };
  };
}
