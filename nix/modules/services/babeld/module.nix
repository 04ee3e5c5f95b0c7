# Babel: routes in networks with many ways.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.babeld;
  words = value: if lib.isBool value then lib.boolToString value else toString value;
  settings = set: lib.concatStringsSep " " (lib.mapAttrsToList (name: value: "${name} ${words value}") set);
  interfaceLine = name: set: "interface ${name} ${settings set}\n";
  file = pkgs.writeText "babeld.conf" (
    "skip-kernel-setup true\n"
    + lib.optionalString (cfg.interfaceDefaults != null) "default ${settings cfg.interfaceDefaults}\n"
    + lib.concatStrings (lib.mapAttrsToList interfaceLine cfg.interfaces)
    + cfg.extraConfig
  );
in
{
  options.services.babeld = {
    enable = lib.mkEnableOption "the routing daemon babeld";
    interfaceDefaults = mkOption {
      type = types.nullOr (types.attrsOf types.unspecified);
      default = null;
      description = "Settings of all interfaces.";
    };
    interfaces = mkOption {
      type = types.attrsOf (types.attrsOf types.unspecified);
      default = { };
      description = "Interfaces by name, with their settings.";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      description = "Lines of `babeld.conf`.";
    };
  };
  config = lib.mkIf (cfg.enable && cfg.interfaces != { }) {
    boot.kernel.sysctl = {
      "net.ipv4.conf.all.forwarding" = lib.mkDefault 1;
      "net.ipv4.conf.all.accept_redirects" = 0;
      "net.ipv6.conf.all.forwarding" = lib.mkDefault 1;
      "net.ipv6.conf.all.accept_redirects" = 0;
    }
    // lib.mapAttrs' (name: _: lib.nameValuePair "net.ipv4.conf.${name}.rp_filter" (lib.mkDefault 0)) cfg.interfaces;
    systemd.services.babeld = {
      description = "Babel routing daemon";
      after = [ "network.target" ];
      wantedBy = [ "multi-user.target" ];
      serviceConfig = {
        ExecStart = "${pkgs.babeld}/bin/babeld -c ${file} -I /run/babeld/babeld.pid -S /var/lib/babeld/state";
        AmbientCapabilities = [ "CAP_NET_ADMIN" ];
        CapabilityBoundingSet = [ "CAP_NET_ADMIN" ];
        RestrictAddressFamilies = [ "AF_NETLINK" "AF_INET6" "AF_INET" ];
        NoNewPrivileges = true;
        LockPersonality = true;
        MemoryDenyWriteExecute = true;
        ProtectSystem = "strict";
        ProtectHome = true;
        PrivateTmp = true;
        RuntimeDirectory = "babeld";
        StateDirectory = "babeld";
      };
    };
  };
}
