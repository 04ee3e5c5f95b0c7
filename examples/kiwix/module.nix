# `services.kiwix`: a service that base does not have, declared as a module of one's own.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.kiwix;
in
{
  options.services.kiwix = {
    enable = lib.mkEnableOption "the kiwix service, which serves offline copies of wikis";

    port = lib.mkOption {
      type = lib.types.port;
      default = 1337;
      description = "Port that the service listens on.";
    };

    wikis = lib.mkOption {
      type = lib.types.listOf lib.types.path;
      default = [ ];
      description = "ZIM files to serve.";
    };
  };

  config = lib.mkIf cfg.enable {
    users.users.kiwix = {
      isSystemUser = true;
      group = "kiwix";
    };
    users.groups.kiwix = { };

    systemd.services.kiwix = {
      description = "Kiwix, offline copies of wikis";
      after = [ "network.target" ];
      wantedBy = [ "multi-user.target" ];
      serviceConfig = {
        ExecStart = "${pkgs.kiwix-tools}/bin/kiwix-serve --port ${toString cfg.port} ${lib.escapeShellArgs cfg.wikis}";
        User = "kiwix";
        Group = "kiwix";
        Restart = "always";
        RestartSec = 10;
        ReadOnlyPaths = cfg.wikis;
      };
    };
  };
}
