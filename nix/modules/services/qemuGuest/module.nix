# The agent of QEMU's own protocol, by which a host asks and tells a virtual machine things.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.qemuGuest;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag;
in
{
  options.services.qemuGuest = {
    enable = flag false "Whether QEMU's guest agent runs, where the machine has a port for it.";
    package = mkOption {
      type = types.package;
      default = pkgs.debian.qemu-guest-agent;
      defaultText = lib.literalExpression "pkgs.debian.qemu-guest-agent";
      description = "The package of the agent.";
    };
  };
  config = lib.mkIf cfg.enable {
    boot.initrd.availableKernelModules = lib.mkIf (!config.boot.isContainer) [ "virtio_console" ];
    systemd.services.qemu-guest-agent = {
      description = "QEMU Guest Agent";
      wantedBy = [ "multi-user.target" ];
      # By the name that the host gave the port; nothing waits for udev.
      script = ''
        for port in /sys/class/virtio-ports/*; do
          if [ "$(cat "$port/name" 2>/dev/null)" = org.qemu.guest_agent.0 ]; then
            exec ${cfg.package}/bin/qemu-ga --statedir /run/qemu-ga --path "/dev/''${port##*/}"
          fi
        done
        echo "the machine has no port for the agent"
      '';
      serviceConfig.RuntimeDirectory = "qemu-ga";
    };
  };
}
