# Power: the processors' frequency, and commands around sleep.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag lines;
  cfg = config.powerManagement;
  frequency =
    which:
    mkOption {
      type = types.nullOr types.ints.unsigned;
      default = null;
      example = 2200000;
      description = "The ${which} frequency of the processors in kHz.";
    };
  cpupower = "${pkgs.cpupower}/bin/cpupower";
  limits =
    lib.optionalString (cfg.cpufreq.min != null) " --min ${toString cfg.cpufreq.min}"
    + lib.optionalString (cfg.cpufreq.max != null) " --max ${toString cfg.cpufreq.max}";
  setsFrequency = cfg.cpuFreqGovernor != null || limits != "";
  governor = lib.optionalString (cfg.cpuFreqGovernor != null) " --governor ${cfg.cpuFreqGovernor}";
  aroundSleep = description: commands: extra: lib.mkIf (commands != "") (
    {
      inherit description;
      script = commands;
      serviceConfig.Type = "oneshot";
    }
    // extra
  );
in
{
  options.powerManagement = {
    enable = flag true "Whether power is managed: commands around sleep and at boot.";
    cpuFreqGovernor = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "ondemand";
      description = "What sets the processors' frequency: `ondemand`, `powersave`, `performance`, `schedutil`.";
    };
    cpufreq.min = frequency "lowest";
    cpufreq.max = frequency "highest";
    scsiLinkPolicy = mkOption {
      type = types.nullOr (
        types.enum [
          "min_power"
          "max_performance"
          "medium_power"
          "med_power_with_dipm"
        ]
      );
      default = null;
      description = "How links to disks save power.";
    };
    powertop.enable = flag false "Whether all that powertop advises is done at boot.";
    powerUpCommands = lines "Shell commands after the boot and after sleep.";
    powerDownCommands = lines "Shell commands before sleep.";
    resumeCommands = lines "Shell commands after sleep.";
  };
  config = lib.mkMerge [
    (lib.mkIf setsFrequency {
      environment.systemPackages = [ pkgs.cpupower ];
      boot.kernelModules = lib.optional (cfg.cpuFreqGovernor != null) "cpufreq_${cfg.cpuFreqGovernor}";
      systemd.services.cpufreq = {
        description = "Set the processors' frequency";
        after = [ "systemd-modules-load.service" ];
        wantedBy = [ "multi-user.target" ];
        unitConfig.ConditionVirtualization = false;
        serviceConfig = {
          Type = "oneshot";
          RemainAfterExit = true;
          ExecStart = "${cpupower} frequency-set${governor}${limits}";
        };
      };
    })
    (lib.mkIf (cfg.scsiLinkPolicy != null) {
      services.udev.extraRules = ''
        SUBSYSTEM=="scsi_host", ACTION=="add", KERNEL=="host*", ATTR{link_power_management_policy}="${cfg.scsiLinkPolicy}"
      '';
    })
    (lib.mkIf cfg.powertop.enable {
      environment.systemPackages = [ pkgs.powertop ];
      systemd.services.powertop = {
        description = "Save the power that powertop finds";
        wantedBy = [ "multi-user.target" ];
        path = [ pkgs.kmod ];
        serviceConfig = {
          Type = "oneshot";
          RemainAfterExit = true;
          ExecStart = "${pkgs.powertop}/sbin/powertop --auto-tune";
        };
      };
    })
    (lib.mkIf cfg.enable {
      systemd.services = {
        pre-sleep = aroundSleep "Before sleep" cfg.powerDownCommands {
          wantedBy = [ "sleep.target" ];
          before = [ "sleep.target" ];
        };
        post-resume = aroundSleep "After sleep" (cfg.resumeCommands + cfg.powerUpCommands) {
          after = [
            "suspend.target"
            "hibernate.target"
            "hybrid-sleep.target"
            "suspend-then-hibernate.target"
          ];
          wantedBy = [
            "suspend.target"
            "hibernate.target"
            "hybrid-sleep.target"
            "suspend-then-hibernate.target"
          ];
        };
        post-boot = aroundSleep "After the boot" cfg.powerUpCommands {
          wantedBy = [ "multi-user.target" ];
          serviceConfig = {
            Type = "oneshot";
            RemainAfterExit = true;
          };
        };
      };
    })
  ];
}
