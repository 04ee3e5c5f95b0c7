# ferm: a firewall from a language of its own.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.ferm;
  file = pkgs.writeText "ferm.conf" cfg.config;
in
{
  options.services.ferm = {
    enable = lib.mkEnableOption "ferm, in place of the firewall";
    config = mkOption {
      type = types.lines;
      default = "";
      description = "Text of `ferm.conf`.";
    };
    package = lib.mkPackageOption pkgs "ferm" { };
  };
  config = lib.mkIf cfg.enable {
    networking.firewall.enable = false;
    systemd.services.ferm = {
      description = "Ferm Firewall";
      after = [ "ipset.target" ];
      before = [ "network-pre.target" ];
      wants = [ "network-pre.target" ];
      wantedBy = [ "multi-user.target" ];
      reloadIfChanged = true;
      path = [ pkgs.iptables pkgs.kmod ];
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecStart = "${cfg.package}/bin/ferm ${file}";
        ExecReload = "${cfg.package}/bin/ferm ${file}";
        ExecStop = "${cfg.package}/bin/ferm -F ${file}";
      };
    };
  };
}
