# ReadyMedia: films, music and pictures for televisions.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.minidlna;
  format = pkgs.formats.keyValue { listsAsDuplicateKeys = true; };
  old = from: to: lib.mkRenamedOptionModule [ "services" "minidlna" from ] [ "services" "minidlna" "settings" to ];
  setting =
    type: default: description:
    mkOption { inherit type default description; };
  file = pkgs.runCommandLocal "minidlna.conf" { } ''
    cat ${format.generate "settings" cfg.settings} ${pkgs.writeText "extra" cfg.extraConfig} > $out
  '';
in
{
  imports = [
    (old "loglevel" "log_level")
    (old "mediaDirs" "media_dir")
    (old "friendlyName" "friendly_name")
    (old "rootContainer" "root_container")
    (old "announceInterval" "notify_interval")
  ];
  options.services.minidlna = {
    enable = lib.mkEnableOption "the media server MiniDLNA";
    package = lib.mkPackageOption pkgs "minidlna" { };
    openFirewall = lib.mkEnableOption "its ports in the firewall";
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      visible = false;
      description = "Older option: lines of `minidlna.conf`.";
    };
    settings = mkOption {
      default = { };
      description = "Settings of `minidlna.conf`.";
      type = types.submodule {
        freeformType = format.type;
        options = {
          media_dir = setting (types.listOf types.str) [ ] "Folders, with the kind of what is in them.";
          notify_interval = setting types.int 895 "Seconds between announcements.";
          port = setting types.port 8200 "Port.";
          db_dir = setting types.path "/var/cache/minidlna" "Folder of the index.";
          friendly_name = setting types.str config.networking.hostName "Name that clients see.";
          root_container = setting (types.enum [ "B" "M" "V" "P" "." ]) "B" "What clients see first.";
          log_level = setting types.str "warn" "How much is logged.";
          enable_subtitles = setting (types.enum [ "yes" "no" ]) "yes" "Whether subtitles are served.";
          inotify = setting (types.enum [ "yes" "no" ]) "no" "Whether new files are found at once.";
          wide_links = setting (types.enum [ "yes" "no" ]) "no" "Whether links lead out of the folders.";
        };
      };
    };
  };
  config = lib.mkIf cfg.enable {
    networking.firewall.allowedTCPPorts = lib.mkIf cfg.openFirewall [ cfg.settings.port ];
    networking.firewall.allowedUDPPorts = lib.mkIf cfg.openFirewall [ 1900 ];
    users.users.minidlna = {
      description = "MiniDLNA daemon user";
      group = "minidlna";
      isSystemUser = true;
    };
    users.groups.minidlna = { };
    systemd.services.minidlna = {
      description = "MiniDLNA Server";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      serviceConfig = {
        User = "minidlna";
        Group = "minidlna";
        CacheDirectory = "minidlna";
        LogsDirectory = "minidlna";
        RuntimeDirectory = "minidlna";
        PIDFile = "/run/minidlna/pid";
        ExecStart = "${cfg.package}/bin/minidlnad -S -P /run/minidlna/pid -f ${file}";
      };
    };
  };
}
