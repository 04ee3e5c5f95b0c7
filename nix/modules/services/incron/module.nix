# Incron, which runs commands when files change.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption mkIf types;
  inherit (import ../../option-kinds.nix { inherit lib; }) lines;
  cfg = config.services.incron;
in
{
  options.services.incron = {
    enable = lib.mkEnableOption "incron, which runs commands when files change";
    allow = mkOption {
      type = types.nullOr (types.listOf types.str);
      default = null;
      description = "Users who may use it.";
    };
    deny = mkOption {
      type = types.nullOr (types.listOf types.str);
      default = null;
      description = "Users who may not.";
    };
    systab = lines "The system's table.";
    extraPackages = mkOption {
      type = types.listOf types.package;
      default = [ ];
      description = "Packages whose programs commands find.";
    };
  };
  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ pkgs.incron ];
    security.wrappers.incrontab = {
      setuid = true;
      owner = "root";
      group = "root";
      source = "${pkgs.incron}/bin/incrontab";
    };
    # A file of its own: incron passes over links.
    environment.etc."incron.d/system" = {
      mode = "0444";
      text = cfg.systab;
    };
    environment.etc."incron.allow" = mkIf (cfg.allow != null) { text = lib.concatStringsSep "\n" cfg.allow; };
    environment.etc."incron.deny" = mkIf (cfg.deny != null) { text = lib.concatStringsSep "\n" cfg.deny; };
    systemd.tmpfiles.rules = [ "d /var/spool/incron 0755 root root" ];
    systemd.services.incron = {
      description = "File System Events Scheduler";
      wantedBy = [ "multi-user.target" ];
      path = cfg.extraPackages;
      serviceConfig = {
        Type = "forking";
        PIDFile = "/run/incrond.pid";
        ExecStart = "${pkgs.incron}/bin/incrond";
      };
    };
  };
}
