# Xandikos, a server of calendars and contacts.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption mkIf types;
  inherit (import ../../option-kinds.nix { inherit lib; }) names port;
  cfg = config.services.xandikos;
in
{
  options.services.xandikos = {
    enable = lib.mkEnableOption "Xandikos, a server of calendars and contacts";
    package = lib.mkPackageOption pkgs "xandikos" { };
    address = mkOption {
      type = types.str;
      default = "localhost";
      description = "Address.";
    };
    port = port 8080 "Port.";
    routePrefix = mkOption {
      type = types.str;
      default = "/";
      description = "Path at which it begins.";
    };
    extraOptions = names "Further arguments.";
    nginx = {
      enable = lib.mkEnableOption "a virtual host of nginx for it";
      hostName = mkOption {
        type = types.str;
        default = "";
        description = "Name of that host.";
      };
    };
  };
  config = lib.mkIf cfg.enable {
    systemd.services.xandikos = {
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      description = "A Simple Calendar and Contact Server";
      serviceConfig = {
        User = "xandikos";
        Group = "xandikos";
        DynamicUser = true;
        RuntimeDirectory = "xandikos";
        StateDirectory = "xandikos";
        StateDirectoryMode = "0700";
        ExecStart = "${cfg.package}/bin/xandikos --directory /var/lib/xandikos --listen-address ${cfg.address} --port ${toString cfg.port} --route-prefix ${cfg.routePrefix} ${lib.concatStringsSep " " cfg.extraOptions}";
      };
    };
    services.nginx = mkIf cfg.nginx.enable {
      enable = true;
      virtualHosts.${cfg.nginx.hostName}.locations."/".proxyPass =
        "http://${cfg.address}:${toString cfg.port}/";
    };
  };
}
