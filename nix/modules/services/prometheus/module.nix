# Prometheus: asks services how they do, and keeps what they say.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption optional types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag maybe names text;
  cfg = config.services.prometheus;
  format = pkgs.formats.yaml { };
  state = "/var/lib/${cfg.stateDir}";
  checks = cfg.checkConfig != false;

  # A setting that is null is left to Prometheus.
  given =
    value:
    if builtins.isAttrs value && !lib.isDerivation value then
      lib.mapAttrs (_: given) (lib.filterAttrs (_: v: v != null) value)
    else if builtins.isList value then
      map given value
    else
      value;
  checked =
    what: name: file:
    if checks then
      pkgs.runCommandLocal "${name}-checked" { nativeBuildInputs = [ cfg.package ]; } ''
        ln -s ${file} $out
        promtool check ${what} $out
      ''
    else
      file;
  rules = map (checked "rules" "rules") (
    cfg.ruleFiles ++ optional (cfg.rules != [ ]) (pkgs.writeText "prometheus.rules" (lib.concatStringsSep "\n" cfg.rules))
  );
  file = checked "config${lib.optionalString (cfg.checkConfig == "syntax-only") " --syntax-only"}" "prometheus.yml" (
    if cfg.configText != null then
      pkgs.writeText "prometheus.yml" cfg.configText
    else
      format.generate "prometheus.yml" {
        global = given cfg.globalConfig;
        scrape_configs = given cfg.scrapeConfigs;
        remote_write = given cfg.remoteWrite;
        remote_read = given cfg.remoteRead;
        rule_files = lib.optionals (!cfg.enableAgentMode) (map toString rules);
        alerting = { inherit (cfg) alertmanagers; };
      }
  );
  arguments =
    cfg.extraFlags
    ++ [
      "--config.file=${if cfg.enableReload then "/etc/prometheus/prometheus.yaml" else file}"
      "--web.listen-address=${cfg.listenAddress}:${toString cfg.port}"
      # Debian's looks for them below /usr.
      "--web.console.templates=${cfg.package}/etc/prometheus/consoles"
      "--web.console.libraries=${cfg.package}/etc/prometheus/console_libraries"
    ]
    ++ (
      if cfg.enableAgentMode then
        [ "--enable-feature=agent" "--storage.agent.path=${state}/data-agent/" ]
      else
        [
          "--alertmanager.notification-queue-capacity=${toString cfg.alertmanagerNotificationQueueCapacity}"
          "--storage.tsdb.path=${state}/data/"
        ]
    )
    ++ optional (cfg.webExternalUrl != null) "--web.external-url=${cfg.webExternalUrl}"
    ++ optional (cfg.retentionTime != null) "--storage.tsdb.retention.time=${cfg.retentionTime}"
    ++ optional (cfg.webConfigFile != null) "--web.config.file=${cfg.webConfigFile}";
  withPort = builtins.match "(.*\\..*|.*]):([[:digit:]]+)" cfg.listenAddress;

  # Done when the new configuration is in use.
  reload = pkgs.writeShellScript "reload-prometheus" ''
    PATH=${lib.makeBinPath [ pkgs.systemd pkgs.coreutils pkgs.gnugrep ]}
    cursor=$(journalctl --show-cursor -n0 | sed -n 's/^-- cursor: //p')
    kill -HUP $MAINPID
    journalctl -u prometheus.service --after-cursor="$cursor" -f | grep -m 1 "Completed loading of configuration file" > /dev/null
  '';
  # Settings are Prometheus' own; those named here are what others read.
  entry =
    options:
    types.submodule {
      freeformType = format.type;
      inherit options;
    };
  entries =
    description: type:
    mkOption {
      type = types.listOf type;
      default = [ ];
      inherit description;
    };
  required =
    description:
    mkOption {
      type = types.str;
      inherit description;
    };
  static = entries "Targets that are always there." (entry {
    targets = mkOption {
      type = types.listOf types.str;
      description = "Hosts and ports.";
    };
    labels = mkOption {
      type = types.attrsOf types.str;
      default = { };
      description = "Labels of all of them.";
    };
  });
in
{
  options.services.prometheus = {
    enable = lib.mkEnableOption "Prometheus, which asks services how they do";
    package = lib.mkPackageOption pkgs "prometheus" { };
    port = mkOption {
      type = types.port;
      default = 9090;
      description = "TCP port.";
    };
    listenAddress = text "0.0.0.0" "Address.";
    stateDir = text "prometheus2" "Folder of its data, below `/var/lib`.";
    extraFlags = names "Further arguments.";
    enableAgentMode = flag false "Whether it only hands on what it was told.";
    enableReload = flag false "Whether a new configuration is taken without a restart.";
    configText = maybe types.lines "The whole configuration, in the place of what is made here.";
    checkConfig = mkOption {
      type = types.either types.bool (types.enum [ "syntax-only" ]);
      default = true;
      description = "Whether the configuration is checked when the machine is built; without files that it names by `syntax-only`.";
    };
    globalConfig = mkOption {
      type = entry {
        scrape_interval = maybe types.str "How often targets are asked.";
        scrape_timeout = maybe types.str "How long is waited for an answer.";
        evaluation_interval = maybe types.str "How often rules are evaluated.";
        external_labels = maybe (types.attrsOf types.str) "Labels that others are told.";
        query_log_file = maybe types.str "File with all queries.";
      };
      default = { };
      description = "What is for all of them.";
    };
    scrapeConfigs = entries "Who is asked, and how." (entry {
      job_name = required "Name.";
      scrape_interval = maybe types.str "How often targets are asked.";
      scrape_timeout = maybe types.str "How long is waited for an answer.";
      metrics_path = maybe types.str "Path that is asked for.";
      scheme = maybe (types.enum [ "http" "https" ]) "How it is asked for.";
      static_configs = static;
    });
    remoteRead = entries "From where more is read." (entry { url = required "URL."; });
    remoteWrite = entries "Where it is written to as well." (entry { url = required "URL."; });
    alertmanagers = mkOption {
      type = types.listOf types.attrs;
      default = [ ];
      description = "Who is told of alerts.";
    };
    alertmanagerNotificationQueueCapacity = mkOption {
      type = types.int;
      default = 10000;
      description = "How many alerts may wait.";
    };
    ruleFiles = entries "Files with rules." types.path;
    rules = names "Rules as text.";
    webExternalUrl = maybe types.str "URL by which others reach it.";
    webConfigFile = maybe types.path "File with settings of TLS and passwords.";
    retentionTime = maybe types.str "How long data is kept.";
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = withPort == null;
        message = "services.prometheus.listenAddress has a port: set `listenAddress = \"${lib.elemAt withPort 0}\"` and `port = ${lib.elemAt withPort 1}`.";
      }
    ];
    users.users.prometheus = {
      isSystemUser = true;
      description = "Prometheus daemon user";
      group = "prometheus";
    };
    users.groups.prometheus = { };
    environment.etc."prometheus/prometheus.yaml" = lib.mkIf cfg.enableReload { source = file; };
    systemd.services.prometheus = {
      description = "Prometheus";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      serviceConfig = import ./hardening.nix // {
        ExecStart = "${lib.getExe cfg.package} ${lib.concatStringsSep " " arguments}";
        ExecReload = lib.mkIf cfg.enableReload "+${reload}";
        User = "prometheus";
        Restart = "always";
        RuntimeDirectory = "prometheus";
        RuntimeDirectoryMode = "0700";
        WorkingDirectory = state;
        StateDirectory = cfg.stateDir;
        StateDirectoryMode = "0700";
        PrivateUsers = true;
        ProcSubset = "all";
        ProtectSystem = "full";
        RestrictAddressFamilies = [ "AF_INET" "AF_INET6" "AF_UNIX" ];
        SystemCallFilter = [ "@system-service" "~@privileged" ];
      };
    };
    # A change of the configuration reloads this one, and this one Prometheus; starting it does nothing.
    systemd.services.prometheus-config-reload = lib.mkIf cfg.enableReload {
      wantedBy = [ "prometheus.service" ];
      after = [ "prometheus.service" ];
      reloadIfChanged = true;
      restartTriggers = [ file ];
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        TimeoutSec = 60;
        ExecStart = "${pkgs.coreutils}/bin/true";
        ExecReload = [
          (pkgs.writeShellScript "trigger-reload-prometheus" ''
            ${pkgs.systemd}/bin/systemctl try-reload-or-restart prometheus.service
          '')
        ];
      };
    };
  };
}
