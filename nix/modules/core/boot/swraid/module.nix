# Arrays of disks (mdadm), put together by udev's rules as their disks appear.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption mkIf types;
  cfg = config.boot.swraid;
  inherit (import ../../../option-kinds.nix { inherit lib; }) flag;
  rules = [ "01-md-raid-creating.rules" "63-md-raid-arrays.rules" "64-md-raid-assembly.rules" ];
  rule = name: lib.nameValuePair "/etc/udev/rules.d/${name}" { source = "${pkgs.mdadm}/lib/udev/rules.d/${name}"; };
in
{
  options.boot.swraid = {
    enable = flag false "Whether the machine can have arrays of disks.";
    mdadmConf = mkOption {
      type = types.lines;
      default = "";
      description = "Lines of `mdadm.conf`.";
    };
  };
  config = mkIf (cfg.enable && !config.boot.isContainer) {
    environment.systemPackages = [ pkgs.mdadm ];
    system.usrPackages = [ pkgs.mdadm ];
    environment.etc."mdadm.conf".text = lib.mkAfter cfg.mdadmConf;
    # Debian's build looks here first.
    environment.etc."mdadm/mdadm.conf".source = config.environment.etc."mdadm.conf".source;
    services.udev.packages = [ pkgs.mdadm ];
    # Periodic checks are not started unasked.
    systemd.suppressedSystemUnits = [ "mdcheck_start.timer" "mdcheck_continue.timer" "mdmonitor-oneshot.timer" ];
    boot.initrd = {
      availableKernelModules = [ "md_mod" "raid0" "raid1" "raid10" "raid456" ];
      systemd = mkIf config.boot.initrd.systemd.enable {
        extraBin.mdadm = "${pkgs.mdadm}/bin/mdadm";
        contents = lib.listToAttrs (map rule rules) // {
          "/etc/mdadm.conf".text = config.environment.etc."mdadm.conf".text;
          "/etc/mdadm/mdadm.conf".text = config.environment.etc."mdadm.conf".text;
        };
      };
    };
  };
}
