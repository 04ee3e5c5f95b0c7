# chrony: keeps the clock right by servers of time.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag lines names text;
  cfg = config.services.chrony;
  number = types.either types.float types.int;
  drift = "${cfg.directory}/chrony.drift";
  keys = "${cfg.directory}/chrony.keys";
  rtc = "${cfg.directory}/chrony.rtc";
  source =
    server: "${if lib.hasInfix "pool" server then "pool" else "server"} ${server} ${cfg.serverOption}${lib.optionalString cfg.enableNTS " nts"}";
  file = pkgs.writeText "chrony.conf" (
    lib.concatLines (
      map source cfg.servers
      ++ lib.optional (cfg.initstepslew.enabled && cfg.servers != [ ])
        "initstepslew ${toString cfg.initstepslew.threshold} ${lib.concatStringsSep " " cfg.servers}"
      ++ lib.optional cfg.makestep.enable "makestep ${toString cfg.makestep.threshold} ${toString cfg.makestep.limit}"
      ++ [ "driftfile ${drift}" "keyfile ${keys}" ]
      ++ lib.optionals cfg.enableRTCTrimming [ "rtcfile ${rtc}" "rtcautotrim ${toString cfg.autotrimThreshold}" ]
      ++ lib.optional cfg.enableNTS "ntsdumpdir ${cfg.directory}"
      ++ lib.optional (!config.time.hardwareClockInLocalTime) "rtconutc"
      ++ [ cfg.extraConfig ]
    )
  );
  syncsRtc = lib.any (line: builtins.match "^ *rtcsync" line != null) (lib.splitString "\n" cfg.extraConfig);
  # The clock of a container is the host's, and so is memory that is locked.
  flags = cfg.extraFlags ++ lib.optional config.boot.isContainer "-x";
  arguments = [ "-n" "-u" "chrony" "-f" "${file}" ] ++ lib.optional (cfg.enableMemoryLocking && !config.boot.isContainer) "-m" ++ flags;
in
{
  options.services.chrony = {
    enable = lib.mkEnableOption "chrony, which keeps the clock right by servers of time";
    package = lib.mkPackageOption pkgs "chrony" { };
    servers = mkOption {
      type = types.listOf types.str;
      default = config.networking.timeServers;
      defaultText = lib.literalExpression "config.networking.timeServers";
      description = "Servers of time; names with `pool` stand for several.";
    };
    serverOption = mkOption {
      type = types.enum [ "iburst" "offline" ];
      default = "iburst";
      description = "Whether servers are asked at once, or when `chronyc online` says so.";
    };
    enableMemoryLocking = flag true "Whether it stays in memory.";
    enableRTCTrimming = flag true "Whether the hardware's clock is watched, and set when it is too far off.";
    autotrimThreshold = mkOption {
      type = types.ints.positive;
      default = 30;
      description = "Seconds by which the hardware's clock may be off.";
    };
    enableNTS = flag false "Whether servers prove who they are (NTS).";
    initstepslew = {
      enabled = flag false "Whether the clock is set at the start, by `initstepslew`.";
      threshold = mkOption {
        type = number;
        default = 1000;
        description = "Seconds from which on it is set at once.";
      };
    };
    makestep = {
      enable = flag true "Whether a clock that is far off is set at once, at first.";
      threshold = mkOption {
        type = number;
        default = 0.1;
        description = "Seconds from which on it is set at once.";
      };
      limit = mkOption {
        type = types.ints.positive;
        default = 3;
        description = "For how many measurements.";
      };
    };
    directory = text "/var/lib/chrony" "Folder of its state.";
    dispatcherScript = flag config.networking.networkmanager.enable "Whether NetworkManager tells it about connections.";
    extraConfig = lines "Lines of `chrony.conf`.";
    extraFlags = names "Further arguments.";
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = !(cfg.enableRTCTrimming && syncsRtc);
        message = "services.chrony.extraConfig has `rtcsync`, which does not go together with `services.chrony.enableRTCTrimming`: leave one of them out.";
      }
    ];
    environment.systemPackages = [ cfg.package ];
    users.users.chrony = {
      isSystemUser = true;
      group = "chrony";
      description = "chrony daemon user";
      home = cfg.directory;
    };
    users.groups.chrony = { };
    services.timesyncd.enable = lib.mkForce false;
    systemd.services.systemd-timedated.environment.SYSTEMD_TIMEDATED_NTP_SERVICES = "chronyd.service";
    systemd.tmpfiles.rules = [
      "d ${cfg.directory} 0750 chrony chrony - -"
      "f ${drift} 0640 chrony chrony - -"
      "f ${keys} 0640 root chrony - -"
    ]
    ++ lib.optional cfg.enableRTCTrimming "f ${rtc} 0640 chrony chrony - -";
    systemd.services.chronyd = {
      description = "chrony NTP daemon";
      wantedBy = [ "multi-user.target" ];
      wants = [ "time-sync.target" ];
      before = [ "time-sync.target" ];
      after = [ "network.target" "nss-lookup.target" ];
      conflicts = [ "ntpd.service" "systemd-timesyncd.service" ];
      path = [ cfg.package ];
      unitConfig = lib.mkIf (!lib.elem "-x" flags && !cfg.enableRTCTrimming) { ConditionCapability = "CAP_SYS_TIME"; };
      serviceConfig = import ../../hardening.nix // {
        # Debian's does not tell when it is ready.
        Type = "exec";
        ExecStart = "${cfg.package}/bin/chronyd ${toString arguments}";
        Restart = "on-failure";
        ReadWritePaths = [ cfg.directory ];
        UMask = "0027";
        CapabilityBoundingSet = [
          "CAP_CHOWN"
          "CAP_DAC_OVERRIDE"
          "CAP_NET_BIND_SERVICE"
          "CAP_SETGID"
          "CAP_SETUID"
          "CAP_SYS_RESOURCE"
          "CAP_SYS_TIME"
        ];
        DeviceAllow = [ "char-pps rw" "char-ptp rw" "char-rtc rw" ];
        DevicePolicy = "closed";
        ProtectSystem = "full";
        PrivateMounts = true;
        RemoveIPC = true;
        RestrictAddressFamilies = [ "AF_UNIX" "AF_INET" "AF_INET6" ];
        SystemCallFilter = [
          "~@cpu-emulation @debug @keyring @mount @obsolete @privileged @resources"
          "@clock"
          "@setuid"
          "capset"
          "@chown"
        ];
      };
    };
  };
}
