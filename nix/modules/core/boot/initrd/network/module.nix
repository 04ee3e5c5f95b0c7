# The network of the initial file system, and an ssh server in it.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption mkIf types;
  cfg = config.boot.initrd.network;
  ssh = cfg.ssh;
  waits = config.boot.initrd.systemd.network.wait-online;
  inherit (import ../../../../option-kinds.nix { inherit lib; }) flag lines names;

  # A path literal is known to the store; a text is a place on the machine.
  placeOf = key: if lib.isString key then key else "/etc/ssh/${baseNameOf key}";
  keys = map placeOf ssh.hostKeys;
  tool = "${pkgs.busybox}/bin/busybox";
  sshd = "${pkgs.openssh}/bin/sshd";
  sshdConfig =
    ''
      UsePAM no
      Port ${toString ssh.port}
      PasswordAuthentication no
      KbdInteractiveAuthentication no
      AuthorizedKeysFile %h/.ssh/authorized_keys /etc/ssh/authorized_keys.d/%u
      Subsystem sftp internal-sftp
      UseDNS no
    ''
    + lib.concatMapStrings (key: "HostKey ${key}\n") keys
    + ssh.extraConfig;
  authorized =
    lib.concatMapStrings (key: lib.removeSuffix "\n" key + "\n") ssh.authorizedKeys
    + lib.concatMapStrings builtins.readFile ssh.authorizedKeyFiles;

  static = lib.filter (i: i.ipv4.addresses != [ ] || i.ipv6.addresses != [ ]) (
    lib.attrValues config.networking.interfaces
  );
  dhcp = lib.filter (i: i.useDHCP == true) (lib.attrValues config.networking.interfaces);
  asked = config.networking.useDHCP || cfg.udhcpc.enable;
  networks =
    lib.listToAttrs (
      map (
        i:
        lib.nameValuePair "40-${i.name}" {
          matchConfig.Name = i.name;
          address = map (a: "${a.address}/${toString a.prefixLength}") (
            i.ipv4.addresses ++ lib.optionals config.networking.enableIPv6 i.ipv6.addresses
          );
          networkConfig = {
            DHCP = lib.mkDefault (if i.useDHCP == true then "yes" else "no");
            IPv6AcceptRA = lib.mkDefault false;
          };
        }
      ) static
      ++ map (
        i:
        lib.nameValuePair "40-${i.name}" {
          matchConfig.Name = i.name;
          networkConfig.DHCP = lib.mkDefault "yes";
        }
      ) (lib.subtractLists static dhcp)
    )
    // lib.optionalAttrs asked {
      "99-ethernet-default-dhcp" = {
        matchConfig = {
          Type = "ether";
          Kind = "!*";
        };
        networkConfig.DHCP = "yes";
      };
    };
in
{
  options.boot.initrd = {
    network = {
      enable = flag false "Whether the initial file system has a network.";
      flushBeforeStage2 = flag true "Whether interfaces are taken down before the machine's own network begins.";
      postCommands = lines "Shell commands run when the network is up.";
      udhcpc.enable = flag config.networking.useDHCP "Whether a DHCP server is asked.";
      udhcpc.extraArgs = names "Arguments of the DHCP client.";
      ssh = {
        enable = flag false "Whether an ssh server runs in the initial file system.";
        port = mkOption {
          type = types.port;
          default = 22;
          description = "Port of the ssh server.";
        };
        shell = mkOption {
          type = types.nullOr types.str;
          default = null;
          description = "Login shell in the initial file system.";
        };
        hostKeys = mkOption {
          type = types.listOf (types.either types.str types.path);
          default = [ ];
          description = "The server's private keys.";
        };
        ignoreEmptyHostKeys = flag false "Whether the server may start without host keys.";
        authorizedKeys = mkOption {
          type = types.listOf types.str;
          default = config.users.users.root.openssh.authorizedKeys.keys;
          defaultText = lib.literalExpression "config.users.users.root.openssh.authorizedKeys.keys";
          description = "Public keys that may log in as root.";
        };
        authorizedKeyFiles = mkOption {
          type = types.listOf types.path;
          default = config.users.users.root.openssh.authorizedKeys.keyFiles;
          defaultText = lib.literalExpression "config.users.users.root.openssh.authorizedKeys.keyFiles";
          description = "Files of public keys that may log in as root.";
        };
        extraConfig = lines "Lines of the server's configuration.";
      };
    };
  };

  config = lib.mkMerge [
    (mkIf cfg.enable {
      boot.initrd.availableKernelModules = [ "af_packet" ];
      boot.initrd.systemd.network = {
        enable = true;
        inherit networks;
      };
      assertions = [
        {
          assertion = config.boot.isContainer || config.boot.initrd.systemd.enable;
          message = "boot.initrd.network.enable: the network of the initial file system is set up by systemd; set boot.initrd.systemd.enable.";
        }
      ];
    })
    (mkIf config.boot.initrd.systemd.network.enable {
      boot.initrd.systemd = {
        services.systemd-networkd-wait-online = mkIf waits.enable {
          overrideStrategy = "asDropin";
          serviceConfig.ExecStart = [
            ""
            (lib.concatStringsSep " " (
              [ "/lib/systemd/systemd-networkd-wait-online" "--timeout=${toString waits.timeout}" ]
              ++ lib.optional waits.anyInterface "--any"
              ++ map (name: "--ignore=${name}") waits.ignoredInterfaces
              ++ waits.extraArgs
            ))
          ];
        };
        services.systemd-networkd = {
          overrideStrategy = "asDropin";
          wantedBy = [ "initrd.target" ];
          # Addresses go with the server, so that the machine's own network begins afresh.
          serviceConfig = mkIf cfg.flushBeforeStage2 {
            ExecStopPost = "+-${tool} sh -c 'for i in /sys/class/net/*; do ${tool} ip address flush dev $${i##*/} scope global; done'";
          };
        };
        sockets.systemd-networkd = {
          overrideStrategy = "asDropin";
          wantedBy = [ "sockets.target" ];
        };
        extraBin.ip = mkIf config.boot.initrd.systemd.shell.enable (lib.mkDefault tool);
      };
    })
    (mkIf (cfg.enable && ssh.enable) {
      assertions = [
        {
          assertion = ssh.authorizedKeys != [ ] || ssh.authorizedKeyFiles != [ ];
          message = "boot.initrd.network.ssh.authorizedKeys: you should specify at least one authorized key for the ssh server of the initial file system.";
        }
        {
          assertion = ssh.hostKeys != [ ] || ssh.ignoreEmptyHostKeys;
          message = ''
            boot.initrd.network.ssh.hostKeys: the ssh server of the initial file system needs host keys. Make one with
              ssh-keygen -t ed25519 -N "" -f /etc/secrets/initrd/ssh_host_ed25519_key
            and give its path as text, so that it does not end up readable in the store.'';
        }
      ];
      boot.initrd.secrets = lib.listToAttrs (
        lib.zipListsWith (place: key: lib.nameValuePair place key) keys ssh.hostKeys
      );
      boot.initrd.systemd = {
        users = {
          root.shell = mkIf (ssh.shell != null) ssh.shell;
          sshd = {
            uid = 1;
            group = "sshd";
          };
        };
        groups.sshd.gid = 1;
        contents = {
          "/etc/ssh/sshd_config".text = sshdConfig;
          "/etc/ssh/authorized_keys.d/root".text = authorized;
        };
        storePaths = [ sshd ];
        services.sshd = {
          description = "SSH Daemon";
          wantedBy = [ "initrd.target" ];
          after = [ "network.target" ];
          before = [ "shutdown.target" "initrd-switch-root.target" ];
          conflicts = [ "shutdown.target" "initrd-switch-root.target" ];
          unitConfig.DefaultDependencies = false;
          serviceConfig = {
            ExecStart = "${sshd} -D -e -f /etc/ssh/sshd_config";
            RuntimeDirectory = "sshd";
            RuntimeDirectoryMode = "0755";
            KillMode = "process";
            Restart = "on-failure";
          };
        };
      };
    })
  ];
}
