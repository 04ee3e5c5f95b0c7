# InfluxDB 1: a database of measurements over time.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) text;
  cfg = config.services.influxdb;
  # What the program's own defaults would place or open elsewhere.
  settings = lib.recursiveUpdate {
    meta.dir = "${cfg.dataDir}/meta";
    data = {
      dir = "${cfg.dataDir}/data";
      wal-dir = "${cfg.dataDir}/wal";
    };
    retention = {
      enabled = true;
      check-interval = "30m";
    };
    http = {
      enabled = true;
      auth-enabled = false;
      bind-address = ":8086";
      https-enabled = false;
      log-enabled = true;
      pprof-enabled = false;
      write-tracing = false;
    };
    monitor.store-enabled = false;
    continuous_queries = {
      enabled = true;
      log-enabled = true;
    };
    graphite = [ { enabled = false; } ];
    udp = [ { enabled = false; } ];
    collectd = [ { enabled = false; } ];
    opentsdb = [ { enabled = false; } ];
  } cfg.extraConfig;
  file = (pkgs.formats.toml { }).generate "config.toml" settings;
  address = settings.http.bind-address;
  url = "${if settings.http.https-enabled then "-k https" else "http"}://${lib.optionalString (lib.hasPrefix ":" address) "127.0.0.1"}${address}/ping";
in
{
  options.services.influxdb = {
    enable = lib.mkEnableOption "InfluxDB, a database of measurements over time";
    package = lib.mkPackageOption pkgs "influxdb" { };
    user = text "influxdb" "User it runs as.";
    group = text "influxdb" "Group it runs as.";
    dataDir = mkOption {
      type = types.path;
      default = "/var/db/influxdb";
      description = "Folder of its data.";
    };
    extraConfig = mkOption {
      type = types.attrs;
      default = { };
      description = "Settings, `influxdb.conf`.";
    };
  };
  config = lib.mkIf cfg.enable (
    lib.mkMerge [
      (import ../../own-user.nix {
        inherit lib cfg;
        name = "influxdb";
        settings.description = "Influxdb daemon user";
      })
      {
        systemd.tmpfiles.rules = [ "d '${cfg.dataDir}' 0770 ${cfg.user} ${cfg.group} - -" ];
        systemd.services.influxdb = {
          description = "InfluxDB Server";
          wantedBy = [ "multi-user.target" ];
          after = [ "network.target" ];
          serviceConfig = {
            ExecStart = "${cfg.package}/bin/influxd -config \"${file}\"";
            User = cfg.user;
            Group = cfg.group;
          };
          postStart = lib.mkBefore (lib.optionalString settings.http.enabled ''
            until ${pkgs.curl}/bin/curl -s -o /dev/null ${url}; do sleep 1; done
          '');
        };
      }
    ]
  );
}
