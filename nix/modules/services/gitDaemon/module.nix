# The Git daemon, which serves repositories to everyone.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption mkIf types;
  inherit (import ../../option-kinds.nix { inherit lib; }) names port;
  cfg = config.services.gitDaemon;
in
{
  options.services.gitDaemon = {
    enable = lib.mkEnableOption "the Git daemon, which serves repositories to everyone";
    package = lib.mkPackageOption pkgs "git" { };
    basePath = mkOption {
      type = types.str;
      default = "";
      description = "Folder that paths begin at.";
    };
    exportAll = lib.mkEnableOption "all repositories, not only those with `git-daemon-export-ok`";
    repositories = names "Repositories that are served; by default all.";
    listenAddress = mkOption {
      type = types.str;
      default = "";
      description = "Address.";
    };
    port = port 9418 "Port.";
    user = mkOption {
      type = types.str;
      default = "git";
      description = "User it runs as.";
    };
    group = mkOption {
      type = types.str;
      default = "git";
      description = "Group it runs as.";
    };
    options = mkOption {
      type = types.str;
      default = "";
      description = "Further arguments.";
    };
  };
  config = lib.mkIf cfg.enable {
    users.users = mkIf (cfg.user == "git") {
      git = {
        isSystemUser = true;
        group = cfg.group;
        description = "Git daemon user";
      };
    };
    users.groups = mkIf (cfg.group == "git") { git = { }; };
    systemd.services.git-daemon = {
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      description = "Git Server";
      script =
        "exec ${cfg.package}/bin/git daemon --reuseaddr "
        + lib.optionalString (cfg.basePath != "") "--base-path=${cfg.basePath} "
        + lib.optionalString (cfg.listenAddress != "") "--listen=${cfg.listenAddress} "
        + "--port=${toString cfg.port} --user=${cfg.user} --group=${cfg.group} ${cfg.options} --verbose "
        + lib.optionalString cfg.exportAll "--export-all "
        + lib.concatStringsSep " " cfg.repositories;
    };
  };
}
