# Beanstalkd, a queue of jobs.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption mkIf types;
  inherit (import ../../option-kinds.nix { inherit lib; }) port;
  cfg = config.services.beanstalkd;
in
{
  options.services.beanstalkd = {
    enable = lib.mkEnableOption "beanstalkd, a queue of jobs";
    listen.address = mkOption {
      type = types.str;
      default = "127.0.0.1";
      description = "Address.";
    };
    listen.port = port 11300 "Port.";
    openFirewall = lib.mkEnableOption "its port in the firewall";
  };
  config = lib.mkIf cfg.enable {
    networking.firewall.allowedTCPPorts = mkIf cfg.openFirewall [ cfg.listen.port ];
    environment.systemPackages = [ pkgs.beanstalkd ];
    systemd.services.beanstalkd = {
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      description = "Beanstalk Work Queue";
      serviceConfig = {
        DynamicUser = true;
        Restart = "always";
        ExecStart = "${pkgs.beanstalkd}/bin/beanstalkd -l ${cfg.listen.address} -p ${toString cfg.listen.port} -b $STATE_DIRECTORY";
        StateDirectory = "beanstalkd";
      };
    };
  };
}
