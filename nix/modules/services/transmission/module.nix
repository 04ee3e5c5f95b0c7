# Transmission, which fetches torrents.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption mkIf types;
  inherit (import ../../option-kinds.nix { inherit lib; }) names;
  cfg = config.services.transmission;
in
{
  options.services.transmission = {
    enable = lib.mkEnableOption "Transmission, which fetches torrents";
    package = lib.mkPackageOption pkgs "transmission" { };
    settings = mkOption {
      type = (pkgs.formats.json { }).type;
      default = { };
      description = "Settings of `settings.json`, set again at each start.";
    };
    home = mkOption {
      type = types.path;
      default = "/var/lib/transmission";
      description = "Folder of its data.";
    };
    user = mkOption {
      type = types.str;
      default = "transmission";
      description = "User it runs as.";
    };
    group = mkOption {
      type = types.str;
      default = "transmission";
      description = "Group it runs as.";
    };
    extraFlags = names "Further arguments.";
  };
  config = lib.mkIf cfg.enable {
    services.transmission.settings = {
      download-dir = lib.mkDefault "${cfg.home}/Downloads";
      incomplete-dir = lib.mkDefault "${cfg.home}/.incomplete";
      rpc-port = lib.mkDefault 9091;
      umask = lib.mkDefault 2;
    };
    environment.systemPackages = [ cfg.package ];
    users.users = mkIf (cfg.user == "transmission") {
      transmission = {
        group = cfg.group;
        description = "Transmission BitTorrent user";
        home = cfg.home;
        isSystemUser = true;
      };
    };
    users.groups = mkIf (cfg.group == "transmission") { transmission = { }; };
    systemd.services.transmission = {
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      description = "Transmission BitTorrent Service";
      preStart = ''
        mkdir -p ${cfg.home}/.config/transmission-daemon ${cfg.settings.download-dir} ${cfg.settings.incomplete-dir}
        install -m 600 ${(pkgs.formats.json { }).generate "settings.json" cfg.settings} ${cfg.home}/.config/transmission-daemon/settings.json
      '';
      serviceConfig = {
        Type = "notify";
        User = cfg.user;
        Group = cfg.group;
        StateDirectory = mkIf (cfg.home == "/var/lib/transmission") "transmission";
        ExecStart = "${cfg.package}/bin/transmission-daemon -f -g ${cfg.home}/.config/transmission-daemon ${lib.escapeShellArgs cfg.extraFlags}";
        ExecReload = "${pkgs.coreutils}/bin/kill -HUP $MAINPID";
        NoNewPrivileges = true;
      };
    };
  };
}
