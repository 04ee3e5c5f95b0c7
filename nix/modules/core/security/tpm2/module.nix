# A TPM, the machine's keeper of keys.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  inherit (import ../../../option-kinds.nix { inherit lib; }) flag;
  cfg = config.security.tpm2;
  account =
    default: description:
    mkOption {
      type = types.nullOr types.str;
      inherit default description;
    };
in
{
  options.security.tpm2 = {
    enable = flag false "Whether programs may use the TPM.";
    tssUser = account "root" "Who owns the device.";
    tssGroup = account "tss" "The group that may use the device through the kernel's resource manager.";
    applyUdevRules = flag true "Whether the devices get that owner and group.";
  };
  config = lib.mkMerge [
    (lib.mkIf cfg.enable {
      users.groups = lib.mkIf (cfg.tssGroup != null) { ${cfg.tssGroup} = { }; };
      services.udev.extraRules = lib.mkIf cfg.applyUdevRules ''
        KERNEL=="tpm[0-9]*", MODE="0660", OWNER="${toString cfg.tssUser}"
        KERNEL=="tpmrm[0-9]*", MODE="0660", OWNER="${toString cfg.tssUser}", GROUP="${toString cfg.tssGroup}"
      '';
    })
    # systemd loads them by name.
    (lib.mkIf (cfg.enable || config.boot.initrd.systemd.tpm2.enable) {
      system.usrPackages = map (name: pkgs.debian.${name}) (lib.attrValues (import ./libraries.nix));
    })
  ];
}
