# Prometheus' pushgateway: takes what does not wait until it is asked.
{ config, lib, pkgs, ... }:
let
  inherit (lib) types;
  inherit (import ../../../option-kinds.nix { inherit lib; }) flag maybe names text;
  cfg = config.services.prometheus.pushgateway;
  argument = name: value: lib.optional (value != null) "--${name}=${value}";
  arguments =
    lib.concatLists (lib.mapAttrsToList (name: argument "web.${name}") cfg.web)
    ++ argument "log.level" cfg.log.level
    ++ argument "log.format" cfg.log.format
    ++ argument "persistence.interval" cfg.persistence.interval
    ++ lib.optional cfg.persistMetrics "--persistence.file=/var/lib/${cfg.stateDir}/metrics"
    ++ cfg.extraFlags;
in
{
  options.services.prometheus.pushgateway = {
    enable = lib.mkEnableOption "Prometheus' pushgateway";
    package = lib.mkPackageOption pkgs "prometheus-pushgateway" { };
    web = {
      listen-address = maybe types.str "Address and port.";
      telemetry-path = maybe types.str "Path of its own metrics.";
      external-url = maybe types.str "URL by which others reach it.";
      route-prefix = maybe types.str "What paths begin with.";
    };
    persistence.interval = maybe types.str "How often metrics are written down.";
    log = {
      level = maybe (types.enum [ "debug" "info" "warn" "error" "fatal" ]) "What is told.";
      format = maybe types.str "How it is told.";
    };
    persistMetrics = flag false "Whether metrics last beyond a restart.";
    stateDir = text "pushgateway" "Folder for them, below `/var/lib`.";
    extraFlags = names "Further arguments.";
  };
  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = !lib.hasPrefix "/" cfg.stateDir;
        message = "services.prometheus.pushgateway.stateDir is a folder below /var/lib: leave the slash out.";
      }
    ];
    systemd.services.pushgateway = {
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      serviceConfig = import ../hardening.nix // {
        ExecStart = "${lib.getExe cfg.package} ${lib.concatStringsSep " " arguments}";
        DynamicUser = true;
        Restart = "always";
        StateDirectory = lib.mkIf cfg.persistMetrics cfg.stateDir;
        ProtectSystem = "strict";
        RestrictAddressFamilies = [ "AF_INET" "AF_INET6" ];
        SystemCallFilter = [ "@system-service" "~@privileged" ];
      };
    };
  };
}
