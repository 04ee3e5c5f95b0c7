# Radicale: calendars and contacts.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) names text;
  cfg = config.services.radicale;
  format = pkgs.formats.ini { listToValue = lib.concatMapStringsSep ", " (lib.generators.mkValueStringDefault { }); };
  package = if cfg.package == null then pkgs.radicale else cfg.package;
  file = if cfg.settings == { } then pkgs.writeText "radicale.conf" cfg.config else format.generate "radicale.conf" cfg.settings;
  isLocal = cfg.settings != { } && !(cfg.settings.server or { } ? hosts);
  setting =
    description:
    mkOption {
      inherit (format) type;
      default = { };
      inherit description;
    };
in
{
  options.services.radicale = {
    enable = lib.mkEnableOption "Radicale, calendars and contacts";
    package = lib.mkPackageOption pkgs "radicale" { nullable = true; };
    user = text "radicale" "User it runs as.";
    group = text "radicale" "Group it runs as.";
    settings = setting "The configuration, section by section.";
    rights = setting "Who may do what.";
    config = text "" "The configuration as text; older than `settings`.";
    extraArgs = names "Further arguments.";
  };
  config = lib.mkIf cfg.enable (
    lib.mkMerge [
      (import ../../own-user.nix {
        inherit lib cfg;
        name = "radicale";
      })
      {
        assertions = [
          {
            assertion = cfg.settings == { } || cfg.config == "";
            message = "services.radicale: only one of `config` and `settings` may be set.";
          }
          {
            assertion = cfg.config != "" || cfg.settings ? auth.type;
            message = "services.radicale.settings.auth.type must be set: versions from 3.5 on let nobody in by default, older ones everybody.";
          }
        ];
        warnings = lib.optional (cfg.config != "") "The option services.radicale.config is deprecated. Use services.radicale.settings instead.";
        services.radicale.settings.rights = lib.mkIf (cfg.rights != { }) {
          type = "from_file";
          file = toString (format.generate "radicale.rights" cfg.rights);
        };
        environment.systemPackages = [ package ];
        systemd.services.radicale = {
          description = "A Simple Calendar and Contact Server";
          after = [ "network.target" ];
          requires = [ "network.target" ];
          wantedBy = [ "multi-user.target" ];
          serviceConfig = import ../../hardening.nix // {
            ExecStart = lib.concatStringsSep " " ([ "${package}/bin/radicale" "-C" "${file}" ] ++ map lib.escapeShellArg cfg.extraArgs);
            User = cfg.user;
            Group = cfg.group;
            StateDirectory = "radicale/collections";
            StateDirectoryMode = "0750";
            WorkingDirectory = "/var/lib/radicale";
            ReadWritePaths = lib.optional (cfg.settings ? storage.filesystem_folder) cfg.settings.storage.filesystem_folder;
            CapabilityBoundingSet = [ "" ];
            DeviceAllow = [ "/dev/stdin" "/dev/urandom" ];
            DevicePolicy = "strict";
            IPAddressAllow = lib.mkIf isLocal "localhost";
            IPAddressDeny = lib.mkIf isLocal "any";
            PrivateDevices = true;
            PrivateUsers = true;
            ProtectClock = true;
            ProtectSystem = "strict";
            RemoveIPC = true;
            RestrictAddressFamilies = [ "AF_INET" "AF_INET6" "AF_UNIX" ];
            SystemCallFilter = [ "@system-service" "~@privileged" "~@resources" ];
            UMask = "0027";
          };
        };
      }
    ]
  );
}
