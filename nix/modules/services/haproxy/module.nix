# HAProxy: distributes TCP and HTTP connections.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.haproxy;
  # The master process answers over a socket; what the user writes stands behind it.
  file = pkgs.writeText "haproxy.conf" ''
    global
      stats socket /run/haproxy/haproxy.sock mode 600 expose-fd listeners level user
    ${cfg.config}
  '';
in
{
  options.services.haproxy = {
    enable = lib.mkEnableOption "HAProxy";
    package = lib.mkPackageOption pkgs "haproxy" { };
    user = mkOption {
      type = types.str;
      default = "haproxy";
      description = "User it runs as.";
    };
    group = mkOption {
      type = types.str;
      default = "haproxy";
      description = "Group it runs as.";
    };
    config = mkOption {
      type = types.nullOr types.lines;
      default = null;
      description = "Text of `haproxy.conf`.";
    };
  };
  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.config != null;
        message = "services.haproxy.config: HAProxy does nothing without a configuration.";
      }
    ];
    environment.etc."haproxy.cfg".source = file;
    systemd.services.haproxy = {
      description = "HAProxy";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      reloadTriggers = [ file ];
      serviceConfig = {
        Type = "notify";
        User = cfg.user;
        Group = cfg.group;
        ExecStartPre = [ "${cfg.package}/bin/haproxy -q -c -f /etc/haproxy.cfg" ];
        ExecStart = "${cfg.package}/bin/haproxy -Ws -f /etc/haproxy.cfg -p /run/haproxy/haproxy.pid";
        ExecReload = [
          "${cfg.package}/bin/haproxy -q -c -f /etc/haproxy.cfg"
          "${pkgs.coreutils}/bin/kill -USR2 $MAINPID"
        ];
        KillMode = "mixed";
        SuccessExitStatus = "143";
        Restart = "always";
        RuntimeDirectory = "haproxy";
        NoNewPrivileges = true;
        ProtectHome = true;
        ProtectSystem = "strict";
        AmbientCapabilities = [ "CAP_NET_BIND_SERVICE" ];
      };
    };
    users.users = lib.mkIf (cfg.user == "haproxy") {
      haproxy = {
        group = cfg.group;
        isSystemUser = true;
      };
    };
    users.groups = lib.mkIf (cfg.group == "haproxy") { haproxy = { }; };
  };
}
