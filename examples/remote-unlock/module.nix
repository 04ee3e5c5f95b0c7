# `boot.initrd.remoteUnlock`: a machine whose disks are encrypted waits for its passphrase at the console and,
# by ssh, on the network. Who logs in with an authorised key is asked for the passphrase, and for nothing else.
{
  config,
  lib,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.boot.initrd.remoteUnlock;
  place = name: "/etc/secrets/initrd/${name}";
in
{
  options.boot.initrd.remoteUnlock = {
    enable = lib.mkEnableOption "unlocking of encrypted disks by ssh";
    hostKeys = mkOption {
      type = types.attrsOf types.str;
      default = { };
      example = {
        ssh_host_ed25519_key = "/etc/secrets/initrd/ssh_host_ed25519_key";
      };
      description = ''
        Private keys of the server: file names, and where the files are when the boot loader is installed.
        What lies in the store is readable by everyone on the machine; outside of tests, use other places.
      '';
    };
    authorizedKeys = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Public keys that may log in.";
    };
    network = {
      interface = mkOption {
        type = types.str;
        default = "eth0";
        description = "Interface with the static address.";
      };
      sshPort = mkOption {
        type = types.port;
        default = 22;
        description = "Port of the server.";
      };
      useDHCP = mkOption {
        type = types.bool;
        default = true;
        description = "Whether addresses come from a DHCP server, else there is the static one.";
      };
      address = mkOption {
        type = types.nullOr types.str;
        default = null;
        example = "192.0.2.10/24";
        description = "The static address.";
      };
      gateway = mkOption {
        type = types.nullOr types.str;
        default = null;
        description = "The gateway beside the static address.";
      };
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.authorizedKeys != [ ];
        message = "boot.initrd.remoteUnlock.authorizedKeys must not be empty: nobody could unlock the machine.";
      }
      {
        assertion = cfg.hostKeys != { };
        message = "boot.initrd.remoteUnlock.hostKeys must not be empty: clients could not know the machine.";
      }
      {
        assertion = cfg.network.useDHCP || cfg.network.address != null;
        message = "boot.initrd.remoteUnlock.network.address is needed without DHCP.";
      }
    ];

    boot.initrd = {
      availableKernelModules = [ "virtio_net" ];
      network = {
        enable = true;
        udhcpc.enable = cfg.network.useDHCP;
        ssh = {
          enable = true;
          port = cfg.network.sshPort;
          hostKeys = map place (lib.attrNames cfg.hostKeys);
          inherit (cfg) authorizedKeys;
          # Asks for what the machine waits for, and ends.
          shell = "/bin/systemd-tty-ask-password-agent";
        };
      };
      systemd = {
        enable = true;
        network = lib.mkIf (!cfg.network.useDHCP) {
          enable = true;
          networks."10-remote-unlock" = {
            matchConfig.Name = cfg.network.interface;
            networkConfig = {
              Address = cfg.network.address;
            }
            // lib.optionalAttrs (cfg.network.gateway != null) { Gateway = cfg.network.gateway; };
          };
        };
      };
      # The server's keys are read from elsewhere than where it finds them.
      secrets = lib.mapAttrs' (name: source: lib.nameValuePair (place name) (lib.mkForce source)) cfg.hostKeys;
    };
  };
}
