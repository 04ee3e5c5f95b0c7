# A listing of the notes, mended: options where it has `...`, parentheses around `!`.
{ config, lib, pkgs, ... }: let
  # Using the `boot.initrd` global attrSet
  cfg = config.boot.initrd.remoteUnlock;
in {
  options.boot.initrd.remoteUnlock = {
    enable = lib.mkEnableOption "remote LUKS disk unlocking via SSH";
    hostKeys = lib.mkOption { type = lib.types.attrsOf lib.types.str; default = { }; };
    authorizedKeys = lib.mkOption { type = lib.types.listOf lib.types.str; default = [ ]; };
    network = {
      interface = lib.mkOption { type = lib.types.str; default = "eth1"; };
      sshPort = lib.mkOption { type = lib.types.port; default = 22; };
      useDHCP = lib.mkOption { type = lib.types.bool; default = true; };
      address = lib.mkOption { type = lib.types.nullOr lib.types.str; default = null; };
      gateway = lib.mkOption { type = lib.types.nullOr lib.types.str; default = null; };
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [{
      assertion = cfg.authorizedKeys != [];
      message = "boot.initrd.remoteUnlock.authorizedKeys must not be empty";
    }];

    boot.initrd = {
      availableKernelModules = ["virtio_net"];
      network = {
        enable = true;
        ssh = {
          enable = true;
          port = cfg.network.sshPort;
          hostKeys = lib.mapAttrsToList (name: _: "/etc/secrets/initrd/${name}") cfg.hostKeys;
          authorizedKeys = cfg.authorizedKeys;
        };
      };

      systemd = {
        enable = true;
        network = lib.mkIf (!cfg.network.useDHCP) {
          enable = true;
          networks."50-static" = {
            matchConfig.Name = cfg.network.interface;
            networkConfig = {
              Address = cfg.network.address;
              Gateway = cfg.network.gateway;
            };
          };
        };
      };

      secrets = lib.mapAttrs' (
        name: value: lib.nameValuePair "/etc/secrets/initrd/${name}" (lib.mkForce value)
      ) cfg.hostKeys;
    };
  };
}
