# Alertmanager: tells people what Prometheus found.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption optional types;
  inherit (import ../../../option-kinds.nix { inherit lib; }) flag maybe names text;
  cfg = config.services.prometheus.alertmanager;
  format = pkgs.formats.yaml { };
  plain =
    if cfg.configText != null then
      pkgs.writeText "alertmanager.yml" cfg.configText
    else
      format.generate "alertmanager.yml" cfg.configuration;
  file =
    if cfg.checkConfig then
      pkgs.runCommandLocal "checked-config" { nativeBuildInputs = [ cfg.package ]; } ''
        ln -s ${plain} $out
        amtool check-config $out
      ''
    else
      plain;
  # Secrets come in when it starts.
  filled = "/tmp/alert-manager-substituted.yaml";
  arguments =
    cfg.extraFlags
    ++ [
      "--config.file ${filled}"
      "--web.listen-address ${cfg.listenAddress}:${toString cfg.port}"
      "--log.level ${cfg.logLevel}"
      "--storage.path /var/lib/alertmanager"
      (toString (map (peer: "--cluster.peer ${peer}:9094") cfg.clusterPeers))
    ]
    ++ optional (cfg.webExternalUrl != null) "--web.external-url ${cfg.webExternalUrl}"
    ++ optional (cfg.logFormat != null) "--log.format ${cfg.logFormat}";
in
{
  options.services.prometheus.alertmanager = {
    enable = lib.mkEnableOption "Alertmanager, which tells people what Prometheus found";
    package = lib.mkPackageOption pkgs "prometheus-alertmanager" { };
    configuration = maybe types.attrs "The configuration.";
    configText = maybe types.lines "The configuration as text.";
    checkConfig = flag true "Whether the configuration is checked when the machine is built.";
    logFormat = maybe types.str "How it tells what it does.";
    logLevel = mkOption {
      type = types.enum [ "debug" "info" "warn" "error" "fatal" ];
      default = "warn";
      description = "What it tells.";
    };
    webExternalUrl = maybe types.str "URL by which others reach it.";
    listenAddress = text "" "Address; all of them if empty.";
    port = mkOption {
      type = types.port;
      default = 9093;
      description = "TCP port.";
    };
    openFirewall = flag false "Whether the firewall lets others in.";
    clusterPeers = names "Others with which it speaks.";
    extraFlags = names "Further arguments.";
    environmentFile = maybe types.path "File with variables that the configuration names, as `$NAME`.";
  };
  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.configuration != null || cfg.configText != null;
        message = "services.prometheus.alertmanager: one of `configuration` and `configText` must be set.";
      }
    ];
    networking.firewall.allowedTCPPorts = optional cfg.openFirewall cfg.port;
    # Templates of messages.
    system.usrPackages = [ cfg.package ];
    systemd.services.alertmanager = {
      wantedBy = [ "multi-user.target" ];
      wants = [ "network-online.target" ];
      after = [ "network-online.target" ];
      preStart = "${pkgs.debian.gettext-base}/bin/envsubst < ${file} > ${filled}";
      serviceConfig = import ../hardening.nix // {
        ExecStart = "${lib.getExe cfg.package} ${lib.concatStringsSep " " arguments}";
        ExecReload = "${pkgs.coreutils}/bin/kill -HUP $MAINPID";
        EnvironmentFile = lib.mkIf (cfg.environmentFile != null) cfg.environmentFile;
        DynamicUser = true;
        Restart = "always";
        StateDirectory = "alertmanager";
        WorkingDirectory = "/tmp";
        ProtectSystem = "strict";
        RestrictAddressFamilies = [ "AF_INET" "AF_INET6" "AF_NETLINK" ];
        SystemCallFilter = [ "@system-service" "~@privileged" ];
      };
    };
  };
}
