# Tinyproxy: a small proxy.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) maybe names;
  cfg = config.services.tinyproxy;
  plain =
    value:
    if builtins.isBool value then
      lib.boolToYesNo value
    else if types.path.check value then
      "\"${value}\""
    else
      lib.generators.mkValueStringDefault { } value;
  format = pkgs.formats.keyValue {
    mkKeyValue = name: value: lib.optionalString (value != null) "${name} ${plain value}";
    listsAsDuplicateKeys = true;
  };
in
{
  options.services.tinyproxy = {
    enable = lib.mkEnableOption "Tinyproxy, a small proxy";
    package = lib.mkPackageOption pkgs "tinyproxy" { };
    settings = mkOption {
      type = types.submodule {
        freeformType = format.type;
        options = {
          Listen = mkOption {
            type = types.nullOr types.str;
            default = "127.0.0.1";
            description = "Address.";
          };
          Port = mkOption {
            type = types.int;
            default = 8888;
            description = "Port.";
          };
          Anonymous = names "Headers that are passed on; all others are left out, if there are any.";
          Filter = maybe types.path "File with what is refused.";
        };
      };
      default = { };
      description = "The configuration, `tinyproxy.conf`.";
    };
  };
  config = lib.mkIf cfg.enable {
    system.usrPackages = [ cfg.package ];
    users.users.tinyproxy = {
      isSystemUser = true;
      group = "tinyproxy";
    };
    users.groups.tinyproxy = { };
    systemd.services.tinyproxy = {
      description = "TinyProxy daemon";
      after = [ "network.target" ];
      wantedBy = [ "multi-user.target" ];
      serviceConfig = {
        User = "tinyproxy";
        Group = "tinyproxy";
        ExecStart = "${lib.getExe cfg.package} -d -c ${format.generate "tinyproxy.conf" cfg.settings}";
        ExecReload = "${pkgs.coreutils}/bin/kill -SIGHUP $MAINPID";
        KillSignal = "SIGINT";
        TimeoutStopSec = "30s";
        Restart = "on-failure";
      };
    };
  };
}
