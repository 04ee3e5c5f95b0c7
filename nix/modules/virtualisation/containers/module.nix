# Containers that are described with the machine, each a system of its own run by systemd-nspawn.
{
  config,
  lib,
  pkgs,
  utils,
  ...
}:
let
  inherit (lib) mkOption types;
  kinds = import ../../option-kinds.nix { inherit lib; };
  cfg = config.containers;
  # Configurations that began before May 2022 keep their folders.
  prefix = lib.optionalString (lib.versionAtLeast config.system.stateVersion "22.05") "nixos-";
  folder = "${prefix}containers";
  state = "/var/lib/${folder}";
  scripts = import ./scripts.nix {
    inherit lib pkgs;
    systemd = config.systemd.package;
  };
  command = pkgs.writeShellScriptBin "nixos-container" (
    builtins.replaceStrings [ "@configurations@" "@state@" ] [ "/etc/${folder}" state ] (
      builtins.readFile ./nixos-container.sh
    )
  );

  # What has to be there first.
  before =
    container:
    [ "network.target" ]
    ++ map (
      interface: "sys-subsystem-net-devices-${utils.escapeSystemdPath interface}.device"
    ) container.interfaces;

  unit =
    name: container:
    lib.nameValuePair "container@${name}" {
      description = "Container '${name}'";
      unitConfig.RequiresMountsFor =
        lib.optional (!container.ephemeral) state
        ++ map (mount: if mount.hostPath != null then mount.hostPath else mount.mountPoint) (
          lib.attrValues container.bindMounts
        );
      wantedBy = lib.optional container.autoStart "machines.target";
      wants = before container;
      after = before container;
      path = [ pkgs.iproute2 config.systemd.package ];
      environment.root = "${state}/${name}";
      preStart = scripts.preStart name container;
      script = scripts.start state name container;
      postStart = scripts.postStart name container;
      restartIfChanged = container.restartIfChanged;
      restartTriggers = [ container.path ];
      serviceConfig = {
        Type = "notify";
        ExecReload = "${command}/bin/nixos-container run ${name} -- ${container.path}/bin/switch-to-configuration test";
        SyslogIdentifier = "container ${name}";
        RuntimeDirectory = lib.mkIf container.ephemeral "${folder}/${name}";
        # So it says when the system inside restarts; when that is switched off, it ends with success.
        RestartForceExitStatus = "133";
        SuccessExitStatus = "133";
        Restart = "on-failure";
        TimeoutStartSec = container.timeoutStartSec;
        Slice = "machine.slice";
        Delegate = true;
        KillMode = "mixed";
        KillSignal = "TERM";
        DevicePolicy = "closed";
        DeviceAllow = map (device: "${device.node} ${device.modifier}") container.allowedDevices;
      };
    };
  # What the command reads.
  facts =
    name: container:
    lib.nameValuePair "${folder}/${name}.conf" {
      text = lib.concatMapStrings (line: "${line}\n") (
        [ "SYSTEM_PATH=${container.path}" "AUTO_START=${if container.autoStart then "1" else "0"}" ]
        ++ lib.optional (container.localAddress != null) "LOCAL_ADDRESS=${container.localAddress}"
        ++ lib.optional (container.localAddress6 != null) "LOCAL_ADDRESS6=${container.localAddress6}"
        ++ lib.optional (container.hostAddress != null) "HOST_ADDRESS=${container.hostAddress}"
      );
    };
  withAddress = lib.filterAttrs (_: container: container.localAddress != null) cfg;
in
{
  options = {
    containers = mkOption {
      type = types.attrsOf (import ./options.nix { inherit lib pkgs; });
      default = { };
      example = lib.literalExpression ''
        { database.config = { services.postgresql.enable = true; }; }
      '';
      description = "Systems that run inside this one, as the units `container@NAME`.";
    };
    boot.enableContainers = kinds.flag (cfg != { }) "Whether the machine runs containers.";
  };
  config = lib.mkMerge [
    {
      warnings = lib.optional (
        !config.boot.enableContainers && cfg != { }
      ) "The containers of this machine are not made: set boot.enableContainers = true;";
      assertions = lib.concatLists (
        lib.mapAttrsToList (name: container: [
          {
            assertion = container.networkNamespace == null || (!container.privateNetwork && container.interfaces == [ ]);
            message = "containers.${name}: with `networkNamespace` it has no `privateNetwork` and takes no `interfaces`.";
          }
          {
            assertion = container.flake == null;
            message = "containers.${name}.flake: base does not build systems of flakes at run time. Name the system: containers.${name}.path = inputs.NAME.nixosConfigurations.NAME.config.system.build.toplevel;";
          }
        ]) cfg
      );
    }
    (lib.mkIf (config.boot.enableContainers && cfg != { }) {
      systemd.services = lib.mapAttrs' unit cfg;
      # Their processes are registered there.
      systemd.targets.multi-user.wants = [ "machines.target" ];
      systemd.tmpfiles.rules = [ "d ${state} 0700 root root -" "d /run/${folder} 0700 root root -" ];
      environment.etc = lib.mapAttrs' facts cfg;
      environment.systemPackages = [ command ];
      networking.extraHosts = lib.concatStrings (
        lib.mapAttrsToList (
          name: container: "${builtins.head (lib.splitString "/" container.localAddress)} ${name}.containers\n"
        ) withAddress
      );
      boot.kernelModules = lib.mkIf (!config.boot.isContainer) [ "bridge" "macvlan" "tap" "tun" "veth" ];
    })
  ];
}
