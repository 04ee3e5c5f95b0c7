# radvd: tells the network's machines their IPv6 prefixes.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.radvd;
  file = pkgs.writeText "radvd.conf" cfg.config;
in
{
  options.services.radvd = {
    enable = lib.mkEnableOption "radvd, which announces IPv6 prefixes";
    package = lib.mkPackageOption pkgs "radvd" { };
    debugLevel = mkOption {
      type = types.int;
      default = 0;
      description = "How much is logged, from 0 to 5.";
    };
    config = mkOption {
      type = types.lines;
      description = "Text of `radvd.conf`.";
    };
  };
  config = lib.mkIf cfg.enable {
    users.users.radvd = {
      isSystemUser = true;
      group = "radvd";
      description = "Router Advertisement Daemon User";
    };
    users.groups.radvd = { };
    boot.kernel.sysctl."net.ipv6.conf.all.forwarding" = lib.mkDefault 1;
    systemd.services.radvd = {
      description = "IPv6 Router Advertisement Daemon";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      serviceConfig = {
        ExecStart = "@${cfg.package}/bin/radvd radvd -n -u radvd -d ${toString cfg.debugLevel} -C ${file}";
        Restart = "always";
        RuntimeDirectory = "radvd";
      };
    };
  };
}
