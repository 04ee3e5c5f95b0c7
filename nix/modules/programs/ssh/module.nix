# The ssh client.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.programs.ssh;
  hostModule =
    { name, config, ... }:
    {
      options = {
        certAuthority = mkOption {
          type = types.bool;
          default = false;
          description = "Whether the key signs hosts' keys.";
        };
        hostNames = mkOption {
          type = types.listOf types.str;
          default = [ name ] ++ config.extraHostNames;
          description = "Names and addresses of the host.";
        };
        extraHostNames = mkOption {
          type = types.listOf types.str;
          default = [ ];
          description = "Further names of the host.";
        };
        publicKey = mkOption {
          type = types.nullOr types.str;
          default = null;
          description = "The host's public key.";
        };
        publicKeyFile = mkOption {
          type = types.nullOr types.path;
          default = null;
          description = "File of the host's public key.";
        };
      };
    };
  hostLine =
    host:
    lib.optionalString host.certAuthority "@cert-authority "
    + lib.concatStringsSep "," host.hostNames
    + " "
    + (
      if host.publicKey != null then host.publicKey else lib.removeSuffix "\n" (builtins.readFile host.publicKeyFile)
    )
    + "\n";
  hosts = lib.attrValues (cfg.knownHosts // config.services.openssh.knownHosts);
in
{
  options.programs.ssh = {
    package = mkOption {
      type = types.package;
      default = pkgs.openssh;
      defaultText = lib.literalExpression "pkgs.openssh";
      description = "The package of OpenSSH.";
    };
    startAgent = mkOption {
      type = types.bool;
      default = false;
      description = "Whether an agent runs for each user.";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      description = "Lines of `ssh_config`.";
    };
    forwardX11 = mkOption {
      type = types.nullOr types.bool;
      default = false;
      description = "Whether X11 is forwarded.";
    };
    setXAuthLocation = mkOption {
      type = types.bool;
      default = false;
      description = "Whether the place of xauth is set.";
    };
    knownHosts = mkOption {
      type = types.attrsOf (types.submodule hostModule);
      default = { };
      description = "Public keys of hosts.";
    };
    knownHostsFiles = mkOption {
      type = types.listOf types.path;
      default = [ ];
      description = "Files of hosts' public keys.";
    };
  };
  # As in NixOS, every machine has the client.
  config.environment.systemPackages = [ cfg.package ];
  config.environment.etc = {
    "ssh/ssh_config".text = ''
      ${cfg.extraConfig}
      Host *
      AddressFamily ${if config.networking.enableIPv6 then "any" else "inet"}
      GlobalKnownHostsFile ${toString ([ "/etc/ssh/ssh_known_hosts" ] ++ cfg.knownHostsFiles)}
      ${lib.optionalString (cfg.forwardX11 != null) "ForwardX11 ${if cfg.forwardX11 then "yes" else "no"}"}
    '';
    "ssh/ssh_known_hosts" = lib.mkIf (hosts != [ ]) { text = lib.concatMapStrings hostLine hosts; };
  };
}
