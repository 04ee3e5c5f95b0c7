# The ssh server.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption mkIf types;
  cfg = config.services.openssh;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag;
  atom = types.nullOr (types.oneOf [ types.str types.bool types.int types.float ]);
  showValue =
    value:
    if lib.isBool value then
      (if value then "yes" else "no")
    else if lib.isList value then
      lib.concatStringsSep (if lib.all lib.isString value then "," else " ") (map toString value)
    else
      toString value;
  lists = [ "AllowUsers" "DenyUsers" "AllowGroups" "DenyGroups" "AcceptEnv" "PermitOpen" "PermitListen" ];
  setting =
    name: value:
    lib.optionalString (value != null) (
      if lib.isList value && lib.elem name lists then
        "${name} ${lib.concatStringsSep " " value}\n"
      else
        "${name} ${showValue value}\n"
    );
  algorithms =
    description:
    mkOption {
      type = types.nullOr (types.listOf types.str);
      default = null;
      inherit description;
    };
  choice =
    default: description:
    mkOption {
      type = types.nullOr types.bool;
      inherit default description;
    };
  keysText =
    user:
    lib.concatMapStrings (key: key + "\n") user.openssh.authorizedKeys.keys
    + lib.concatMapStrings (file: builtins.readFile file + "\n") user.openssh.authorizedKeys.keyFiles;
  withKeys = lib.filter (
    user: user.openssh.authorizedKeys.keys != [ ] || user.openssh.authorizedKeys.keyFiles != [ ]
  ) (lib.attrValues config.users.users);
  listen =
    a:
    "ListenAddress ${if a.port == null then a.addr else "${bracket a.addr}:${toString a.port}"}\n";
  bracket = addr: if lib.hasInfix ":" addr && !lib.hasPrefix "[" addr then "[${addr}]" else addr;
  sshdConfig =
    lib.concatMapStrings (port: "Port ${toString port}\n") cfg.ports
    + lib.concatMapStrings listen cfg.listenAddresses
    + "AddressFamily ${if config.networking.enableIPv6 then "any" else "inet"}\n"
    + lib.concatStrings (lib.mapAttrsToList setting cfg.settings)
    + lib.optionalString cfg.allowSFTP "Subsystem sftp ${cfg.sftpServerExecutable} ${lib.concatStringsSep " " cfg.sftpFlags}\n"
    + "AuthorizedKeysFile ${toString cfg.authorizedKeysFiles}\n"
    + lib.optionalString (cfg.authorizedKeysCommand != "none") "AuthorizedKeysCommand ${cfg.authorizedKeysCommand}\nAuthorizedKeysCommandUser ${cfg.authorizedKeysCommandUser}\n"
    + lib.concatMapStrings (key: "HostKey ${key.path}\n") cfg.hostKeys
    + lib.optionalString (cfg.banner != null) "Banner ${builtins.toFile "banner" cfg.banner}\n"
    + cfg.extraConfig;
  makeKey = key: ''
    if ! [ -s "${key.path}" ]; then
      mkdir -p -m 0755 "$(dirname '${key.path}')"
      ${cfg.package}/bin/ssh-keygen -q -t "${key.type}" ${
        lib.optionalString (key ? bits) "-b ${toString key.bits} "
      }-C "${key.comment or ""}" -f "${key.path}" -N ""
    fi
  '';
  # The keys are made first; the folder is where sshd locks itself in.
  prepare = ''
    mkdir -p -m 0755 /run/sshd
  ''
  + lib.optionalString cfg.generateHostKeys (lib.concatMapStrings makeKey cfg.hostKeys);
  # Connections come side by side, so that one unit makes the keys for all.
  keygen = {
    description = "SSH Host Keys Generation";
    wantedBy = [ "multi-user.target" ];
    script = prepare;
    serviceConfig = {
      Type = "oneshot";
      RemainAfterExit = true;
    };
  };
  daemon = {
    description = "SSH Daemon";
    after = [ "network.target" ];
    stopIfChanged = false;
    preStart = prepare;
    wantedBy = [ "multi-user.target" ];
    restartTriggers = [ sshdConfig ];
    serviceConfig = {
      ExecStart = "${cfg.package}/bin/sshd -D -f /etc/ssh/sshd_config";
      KillMode = "process";
      Restart = "always";
      Type = "simple";
    };
  };
  perConnection = {
    description = "SSH per-connection Daemon";
    after = [ "network.target" "sshd-keygen.service" ];
    wants = [ "sshd-keygen.service" ];
    stopIfChanged = false;
    serviceConfig = {
      ExecStart = "-${cfg.package}/bin/sshd -i -D -f /etc/ssh/sshd_config";
      KillMode = "process";
      StandardInput = "socket";
      StandardError = "journal";
    };
  };
in
{
  options.services.openssh = {
    enable = flag false "Whether the ssh server runs.";
    package = mkOption {
      type = types.package;
      default = config.programs.ssh.package;
      defaultText = lib.literalExpression "pkgs.openssh";
      description = "The package of OpenSSH.";
    };
    startWhenNeeded = flag false "Whether a server is started for each connection.";
    allowSFTP = flag true "Whether files can be transferred by sftp.";
    sftpServerExecutable = mkOption {
      type = types.str;
      default = "internal-sftp";
      description = "The program that serves sftp.";
    };
    sftpFlags = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Its arguments.";
    };
    ports = mkOption {
      type = types.listOf types.port;
      default = [ 22 ];
      description = "Ports of the server.";
    };
    openFirewall = flag true "Whether these ports are open in the firewall.";
    listenAddresses = mkOption {
      type = types.listOf (
        types.submodule {
          options = {
            addr = mkOption {
              type = types.str;
              description = "Address.";
            };
            port = mkOption {
              type = types.nullOr types.int;
              default = null;
              description = "Port; null means all of `ports`.";
            };
          };
        }
      );
      default = [ ];
      description = "Addresses on which the server listens; none means all.";
    };
    hostKeys = mkOption {
      type = types.listOf types.attrs;
      default = [
        {
          type = "rsa";
          bits = 4096;
          path = "/etc/ssh/ssh_host_rsa_key";
        }
        {
          type = "ed25519";
          path = "/etc/ssh/ssh_host_ed25519_key";
        }
      ];
      description = "Keys of the server; missing ones are made when it starts.";
    };
    generateHostKeys = flag true "Whether missing host keys are made.";
    banner = mkOption {
      type = types.nullOr types.lines;
      default = null;
      description = "Text shown before the login.";
    };
    authorizedKeysFiles = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Where users' public keys are looked for.";
    };
    authorizedKeysInHomedir = flag true "Whether users may keep public keys in their home folder.";
    authorizedKeysCommand = mkOption {
      type = types.str;
      default = "none";
      description = "Program that prints a user's public keys.";
    };
    authorizedKeysCommandUser = mkOption {
      type = types.str;
      default = "nobody";
      description = "User it runs as.";
    };
    knownHosts = mkOption {
      type = types.attrsOf types.anything;
      default = { };
      visible = false;
      description = "Older place of `programs.ssh.knownHosts`.";
    };
    moduliFile = mkOption {
      type = types.nullOr types.path;
      default = null;
      description = "File of moduli.";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      description = "Lines of `sshd_config`.";
    };
    settings = mkOption {
      default = { };
      description = "Settings of `sshd_config`.";
      type = types.submodule {
        freeformType = types.attrsOf (types.either atom (types.listOf atom));
        options = {
          PermitRootLogin = mkOption {
            type = types.nullOr (
              types.enum [ "yes" "without-password" "prohibit-password" "forced-commands-only" "no" ]
            );
            default = "prohibit-password";
            description = "Whether root may log in.";
          };
          PasswordAuthentication = choice true "Whether passwords are accepted.";
          KbdInteractiveAuthentication = choice true "Whether questions and answers are accepted.";
          X11Forwarding = choice false "Whether X11 may be forwarded.";
          UsePAM = choice true "Whether PAM checks users.";
          UseDns = choice false "Whether clients' names are looked up.";
          StrictModes = choice true "Whether modes of users' files are checked.";
          PrintMotd = choice false "Whether sshd shows the message of the day.";
          LogLevel = mkOption {
            type = types.nullOr types.str;
            default = "INFO";
            description = "How much is logged.";
          };
          GatewayPorts = mkOption {
            type = types.nullOr types.str;
            default = "no";
            description = "Whether forwarded ports are open to other machines.";
          };
          AllowUsers = algorithms "Users who may log in.";
          DenyUsers = algorithms "Users who may not log in.";
          AllowGroups = algorithms "Groups whose members may log in.";
          DenyGroups = algorithms "Groups whose members may not log in.";
          Ciphers = algorithms "Allowed ciphers.";
          KexAlgorithms = algorithms "Allowed key exchanges.";
          Macs = algorithms "Allowed message codes.";
        };
      };
    };
  };
  config = mkIf cfg.enable {
    users.users.sshd = {
      isSystemUser = true;
      group = "sshd";
      description = "SSH privilege separation user";
      home = "/run/sshd";
    };
    users.groups.sshd = { };
    services.openssh.authorizedKeysFiles = lib.optional cfg.authorizedKeysInHomedir "%h/.ssh/authorized_keys"
      ++ [ "/etc/ssh/authorized_keys.d/%u" ];
    networking.firewall.allowedTCPPorts = lib.optionals cfg.openFirewall cfg.ports;
    security.pam.services.sshd = {
      startSession = true;
      showMotd = true;
      unixAuth = cfg.settings.PasswordAuthentication == true;
    };
    environment.etc = {
      "ssh/sshd_config".text = sshdConfig;
    }
    // lib.listToAttrs (
      map (
        user:
        lib.nameValuePair "ssh/authorized_keys.d/${user.name}" {
          mode = "0444";
          text = keysText user;
        }
      ) withKeys
    );
    systemd.services =
      if cfg.startWhenNeeded then
        {
          "sshd@" = perConnection;
          sshd-keygen = keygen;
        }
      else
        { sshd = daemon; };
    systemd.sockets = lib.mkIf cfg.startWhenNeeded {
      sshd = {
        description = "SSH Socket";
        wantedBy = [ "sockets.target" ];
        socketConfig = {
          ListenStream =
            if cfg.listenAddresses != [ ] then
              lib.concatMap (
                a: map (port: "${bracket a.addr}:${toString port}") (if a.port != null then [ a.port ] else cfg.ports)
              ) cfg.listenAddresses
            else
              cfg.ports;
          Accept = true;
          # Whoever floods the server must not keep others out.
          TriggerLimitIntervalSec = 0;
        };
      };
    };
  };
}
