# Syncthing.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption mkIf types;
  inherit (import ../../option-kinds.nix { inherit lib; }) names;
  cfg = config.services.syncthing;
in
{
  options.services.syncthing = {
    enable = lib.mkEnableOption "Syncthing";
    package = lib.mkPackageOption pkgs "syncthing" { };
    user = mkOption {
      type = types.str;
      default = "syncthing";
      description = "User it runs as.";
    };
    group = mkOption {
      type = types.str;
      default = "syncthing";
      description = "Group it runs as.";
    };
    guiAddress = mkOption {
      type = types.str;
      default = "127.0.0.1:8384";
      description = "Address of its pages.";
    };
    dataDir = mkOption {
      type = types.path;
      default = "/var/lib/syncthing";
      description = "Folder of what it keeps the same.";
    };
    configDir = mkOption {
      type = types.path;
      default = "${cfg.dataDir}/.config/syncthing";
      defaultText = lib.literalExpression ''"''${dataDir}/.config/syncthing"'';
      description = "Folder of its configuration.";
    };
    openDefaultPorts = lib.mkEnableOption "its usual ports in the firewall";
    extraFlags = names "Further arguments.";
    systemService = mkOption {
      type = types.bool;
      default = true;
      description = "Whether it starts with the machine.";
    };
  };
  config = lib.mkIf cfg.enable {
    networking.firewall = mkIf cfg.openDefaultPorts {
      allowedTCPPorts = [ 22000 ];
      allowedUDPPorts = [ 21027 22000 ];
    };
    users.users = mkIf (cfg.user == "syncthing") {
      syncthing = {
        group = cfg.group;
        home = cfg.dataDir;
        createHome = true;
        isSystemUser = true;
        description = "Syncthing daemon user";
      };
    };
    users.groups = mkIf (cfg.group == "syncthing") { syncthing = { }; };
    systemd.services.syncthing = {
      description = "Syncthing service";
      after = [ "network.target" ];
      wantedBy = lib.optional cfg.systemService "multi-user.target";
      environment.STNORESTART = "yes";
      environment.STNOUPGRADE = "yes";
      environment.HOME = cfg.dataDir;
      serviceConfig = {
        Restart = "on-failure";
        SuccessExitStatus = "3 4";
        RestartForceExitStatus = "3 4";
        User = cfg.user;
        Group = cfg.group;
        ExecStart = "${cfg.package}/bin/syncthing serve --no-browser --gui-address=${cfg.guiAddress} --config=${cfg.configDir} --data=${cfg.configDir} ${lib.escapeShellArgs cfg.extraFlags}";
        NoNewPrivileges = true;
        PrivateUsers = true;
      };
    };
  };
}
