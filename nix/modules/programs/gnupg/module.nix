# GnuPG's agent, started when somebody asks for it.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkIf mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag;
  cfg = config.programs.gnupg;
  format = pkgs.formats.keyValue { mkKeyValue = lib.generators.mkKeyValueDefault { } " "; };
  socket = name: more: {
    description = "GnuPG cryptographic agent: ${name}";
    documentation = [ "man:gpg-agent(1)" ];
    wantedBy = [ "sockets.target" ];
    socketConfig = {
      ListenStream = "%t/gnupg/S.${name}";
      SocketMode = "0600";
      DirectoryMode = "0700";
    }
    // more;
  };
  ofAgent = name: socket "gpg-agent.${name}" {
    FileDescriptorName = name;
    Service = "gpg-agent.service";
  };
in
{
  options.programs.gnupg = {
    package = lib.mkPackageOption pkgs "gnupg" { };
    agent = {
      enable = flag false "Whether users have GnuPG's agent.";
      enableSSHSupport = flag false "Whether it is ssh's agent as well.";
      enableExtraSocket = flag false "Whether it can be reached from other machines.";
      enableBrowserSocket = flag false "Whether browsers reach it.";
      pinentryPackage = mkOption {
        type = types.nullOr types.package;
        default = pkgs.debian.pinentry-curses;
        defaultText = lib.literalMD "one for terminals";
        description = "The program that asks for passphrases.";
      };
      settings = mkOption {
        inherit (format) type;
        default = { };
        description = "Settings, `gpg-agent.conf`.";
      };
    };
    dirmngr.enable = flag false "Whether users have the daemon that fetches keys.";
  };
  config = mkIf cfg.agent.enable {
    assertions = [
      {
        assertion = cfg.agent.enableSSHSupport -> !(config.programs.ssh.startAgent or false);
        message = "programs.gnupg.agent.enableSSHSupport and programs.ssh.startAgent: only one of them can be ssh's agent.";
      }
    ];
    programs.gnupg.agent.settings = mkIf (cfg.agent.pinentryPackage != null) {
      pinentry-program = lib.mkDefault (lib.getExe' cfg.agent.pinentryPackage (cfg.agent.pinentryPackage.meta.mainProgram or "pinentry-curses"));
    };
    environment.etc."gnupg/gpg-agent.conf".source = format.generate "gpg-agent.conf" cfg.agent.settings;
    environment.systemPackages = [ cfg.package ];
    environment.interactiveShellInit = ''
      GPG_TTY=$(tty)
      export GPG_TTY
    '';
    environment.extraInit = mkIf cfg.agent.enableSSHSupport ''
      if [ -z "$SSH_AUTH_SOCK" ]; then
        export SSH_AUTH_SOCK=$(${cfg.package}/bin/gpgconf --list-dirs agent-ssh-socket)
      fi
    '';
    systemd.user.services.gpg-agent = {
      description = "GnuPG cryptographic agent and passphrase cache";
      documentation = [ "man:gpg-agent(1)" ];
      requires = [ "gpg-agent.socket" ];
      serviceConfig = {
        ExecStart = "${cfg.package}/bin/gpg-agent --supervised";
        ExecReload = "${cfg.package}/bin/gpgconf --reload gpg-agent";
      };
    };
    systemd.user.services.dirmngr = mkIf cfg.dirmngr.enable {
      description = "GnuPG network certificate management daemon";
      requires = [ "dirmngr.socket" ];
      serviceConfig = {
        ExecStart = "${cfg.package}/bin/dirmngr --supervised";
        ExecReload = "${cfg.package}/bin/gpgconf --reload dirmngr";
      };
    };
    systemd.user.sockets = {
      gpg-agent = socket "gpg-agent" { FileDescriptorName = "std"; };
      gpg-agent-ssh = mkIf cfg.agent.enableSSHSupport (ofAgent "ssh");
      gpg-agent-extra = mkIf cfg.agent.enableExtraSocket (ofAgent "extra");
      gpg-agent-browser = mkIf cfg.agent.enableBrowserSocket (ofAgent "browser");
      dirmngr = mkIf cfg.dirmngr.enable (socket "dirmngr" { });
    };
  };
}
