# The driver's agent, and a system that is quiet, quick and tells everything to the console.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkDefault mkIf mkOverride;
in
{
  config = {
    systemd.services.backdoor = mkIf config.testing.backdoor {
      description = "Agent of the test driver";
      wantedBy = [ "multi-user.target" ];
      # Commands expect the system's own folders and addresses; scripts that don't wait for the network
      # would fail now and then.
      after = [ "systemd-tmpfiles-setup.service" "network.target" ];
      enableDefaultPath = false;
      restartIfChanged = false;
      stopIfChanged = false;
      unitConfig.StartLimitIntervalSec = 0;
      serviceConfig = {
        ExecStart = "${config.system.activationProgram} __agent ${pkgs.bash}/bin/bash";
        Restart = "always";
        RestartSec = "100ms";
        KillSignal = "SIGHUP";
        OOMScoreAdjust = -1000;
        LimitNOFILE = "1024:524288";
        WorkingDirectory = "/";
        Environment = [
          "PATH=/run/wrappers/bin:/run/current-system/sw/bin:/run/current-system/sw/sbin:/usr/bin:/usr/sbin"
        ];
      };
    };

    # The driver starts it when a script waits for it, which older tests do before they look up names.
    systemd.services.nscd = {
      description = "Name lookups, which need no service here";
      enableDefaultPath = false;
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecStart = "/bin/true";
      };
    };

    # The same in the initial file system, which then stays where it is until `switch_root()`.
    boot.initrd.systemd = mkIf config.testing.initrdBackdoor {
      services.backdoor = {
        description = "Agent of the test driver";
        wantedBy = [ "sysinit.target" ];
        after = [ "systemd-modules-load.service" ];
        conflicts = [ "shutdown.target" "initrd-switch-root.target" ];
        before = [ "shutdown.target" "initrd-switch-root.target" ];
        unitConfig.DefaultDependencies = false;
        serviceConfig = {
          ExecStart = "${config.system.activationProgram} __agent /bin/bash initrd";
          Restart = "on-failure";
          RestartSec = "100ms";
          KillSignal = "SIGHUP";
          WorkingDirectory = "/";
        };
      };
      services.initrd-cleanup = {
        overrideStrategy = "asDropin";
        serviceConfig.ExecStart = [ "" "${pkgs.busybox}/bin/busybox true" ];
      };
    };
    assertions = [
      {
        assertion = !config.testing.initrdBackdoor || config.boot.initrd.systemd.enable;
        message = "testing.initrdBackdoor: the agent runs in initial file systems by systemd only; set boot.initrd.systemd.enable.";
      }
    ];

    networking.hostName = mkDefault config.virtualisation.test.nodeName;
    networking.defaultGateway = mkOverride 150 null;
    networking.nameservers = mkOverride 150 [ ];
    networking.useDHCP = mkOverride 150 false;
    networking.usePredictableInterfaceNames = mkOverride 150 false;

    users.users.root.hashedPassword = mkOverride 150 "";
    services.timesyncd.enable = mkOverride 150 false;
    # An emulated machine beside others takes minutes to make a data base; the service's own limit is two.
    systemd.services.postgresql = lib.mkIf config.services.postgresql.enable {
      serviceConfig.TimeoutSec = mkOverride 90 900;
    };
    documentation.nixos.enable = mkOverride 150 false;
    documentation.enable = mkOverride 1400 false;
    system.nixos.versionSuffix = lib.mkForce "-test";
    system.nixos.label = lib.mkForce "test";

    boot.consoleLogLevel = mkOverride 150 7;
    boot.kernel.sysctl = {
      "kernel.hung_task_timeout_secs" = mkOverride 150 600;
      "vm.panic_on_oom" = mkDefault 2;
    };
    services.journald.extraConfig = ''
      ForwardToConsole=yes
      MaxLevelConsole=debug
      Storage=volatile
    '';
    systemd.settings.Manager = {
      ShowStatus = mkDefault false;
      DefaultTimeoutStartSec = mkDefault 300;
      DefaultDeviceTimeoutSec = mkDefault 300;
    };
  };
}
