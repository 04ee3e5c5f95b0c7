# Programs that run with another's rights. The store keeps no such bits, so they are made at
# activation in `/run/wrappers`.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.security.wrappers;
  wrapperModule =
    { name, ... }:
    {
      options = {
        enable = mkOption {
          type = types.bool;
          default = true;
          description = "Whether the wrapper is there.";
        };
        source = mkOption {
          type = types.path;
          description = "The program.";
        };
        program = mkOption {
          type = types.nullOr types.str;
          default = name;
          description = "Name of the wrapper.";
        };
        owner = mkOption {
          type = types.str;
          description = "Owner of the wrapper.";
        };
        group = mkOption {
          type = types.str;
          description = "Group of the wrapper.";
        };
        permissions = mkOption {
          type = types.str;
          default = "u+rx,g+x,o+x";
          example = "u+rx,g+rx,o=";
          description = "Who may run it, as chmod says it.";
        };
        capabilities = mkOption {
          type = types.commas;
          default = "";
          example = "cap_net_raw+ep";
          description = "Capabilities the program gets; then it is not setuid.";
        };
        setuid = mkOption {
          type = types.bool;
          default = false;
          description = "Whether the program runs as its owner.";
        };
        setgid = mkOption {
          type = types.bool;
          default = false;
          description = "Whether the program runs as its group.";
        };
      };
    };
  rooted = program: {
    setuid = lib.mkDefault true;
    owner = "root";
    group = "root";
    source = program;
  };
in
{
  options.security = {
    wrappers = mkOption {
      type = types.attrsOf (types.submodule wrapperModule);
      default = { };
      description = "Programs that run with the rights of another user or with capabilities.";
    };
    enableWrappers = mkOption {
      type = types.bool;
      default = true;
      description = "Whether there are wrappers.";
    };
    wrapperDir = mkOption {
      type = types.path;
      internal = true;
      default = "/run/wrappers/bin";
      description = "Folder of the wrappers.";
    };
    wrapperDirSize = mkOption {
      type = types.str;
      default = "50%";
      description = "Size of the file system that holds the wrappers.";
    };
    setuidPrograms = mkOption {
      type = types.listOf types.str;
      default = [ ];
      visible = false;
      description = "Older form of `security.wrappers`.";
    };
    sudo-rs.enable = mkOption {
      type = types.bool;
      default = false;
      description = "Whether sudo-rs is there; not part of `base` yet.";
    };
    rtkit.enable = mkOption {
      type = types.bool;
      default = false;
      description = "Whether users may get real-time priority.";
    };
    apparmor.enable = mkOption {
      type = types.bool;
      default = false;
      description = "Whether AppArmor confines programs.";
    };
    protectKernelImage = mkOption {
      type = types.bool;
      default = false;
      description = "Whether the running kernel can't be replaced.";
    };
    lockKernelModules = mkOption {
      type = types.bool;
      default = false;
      description = "Whether no kernel modules are loaded after the boot.";
    };
    allowUserNamespaces = mkOption {
      type = types.bool;
      default = true;
      description = "Whether user namespaces may be made.";
    };
  };
  config = {
    security.wrappers = lib.mkIf config.security.enableWrappers {
      su = rooted "${pkgs.su}/bin/su";
      mount = rooted "${pkgs.mount}/bin/mount";
      umount = rooted "${pkgs.mount}/bin/umount";
      # Where users are what the configuration says, nobody's password can be changed.
      passwd = lib.mkIf config.users.mutableUsers (rooted "${pkgs.shadow}/bin/passwd");
      unix_chkpwd = rooted "${pkgs.pam}/bin/unix_chkpwd";
      newgrp = rooted "${pkgs.shadow}/bin/newgrp";
    };
    boot.kernel.sysctl = {
      "kernel.kexec_load_disabled" = lib.mkIf config.security.protectKernelImage true;
      "kernel.modules_disabled" = lib.mkIf config.security.lockKernelModules true;
      "user.max_user_namespaces" = lib.mkIf (!config.security.allowUserNamespaces) 0;
    };
    system.activationPlan.wrappers = {
      folder = config.security.wrapperDir;
      programs = map (w: {
        inherit (w) owner group permissions capabilities setuid setgid;
        source = "${w.source}";
        name = w.program;
      }) (lib.filter (w: w.enable) (lib.attrValues cfg));
    };
  };
}
