# Samba: folders and printers for Windows networks.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.samba;
  format = pkgs.formats.ini { listToValue = lib.concatMapStringsSep " " (lib.generators.mkValueStringDefault { }); };
  daemon = name: extra: {
    description = "Samba Service Daemon ${name}";
    after = [ "network.target" ];
    wantedBy = [ "samba.target" ];
    partOf = [ "samba.target" ];
    restartTriggers = [ file ];
    unitConfig.RequiresMountsFor = "/var/lib/samba";
    serviceConfig = {
      ExecStart = "${cfg.package}/bin/${name} --foreground --no-process-group ${extra}";
      ExecReload = "${pkgs.coreutils}/bin/kill -HUP $MAINPID";
      LimitNOFILE = 16384;
      PIDFile = "/run/samba/${name}.pid";
      Type = "notify";
      NotifyAccess = "all";
      Slice = "system-samba.slice";
      StateDirectory = "samba";
      CacheDirectory = "samba";
      LogsDirectory = "samba";
      RuntimeDirectory = "samba";
      RuntimeDirectoryPreserve = true;
    };
  };
  file = if cfg.configText != null then pkgs.writeText "smb.conf" cfg.configText else
    pkgs.runCommand "smb.conf" { } ''
      cat ${format.generate "smb.conf" { inherit (cfg.settings) global; }} ${pkgs.writeText "extra" cfg.extraConfig} \
        ${format.generate "shares.conf" (removeAttrs cfg.settings [ "global" ])} > $out
    '';
  part = name: enabled: mkOption {
    type = types.bool;
    default = enabled;
    description = "Whether ${name} runs.";
  };
in
{
  options.services.samba = {
    enable = lib.mkEnableOption "Samba";
    package = lib.mkPackageOption pkgs "samba" { };
    openFirewall = lib.mkEnableOption "Samba's ports in the firewall";
    securityType = mkOption {
      type = types.str;
      default = "user";
      visible = false;
      description = "Older option: `settings.global.security`.";
    };
    syncPasswordsByPam = lib.mkEnableOption "the system's passwords for Samba's users" // { visible = false; };
    invalidUsers = mkOption {
      type = types.listOf types.str;
      default = [ "root" ];
      visible = false;
      description = "Older option: `settings.global.\"invalid users\"`.";
    };
    enableNmbd = part "nmbd" true;
    enableWinbindd = part "winbindd" true;
    smbd.enable = part "smbd" true;
    nmbd.enable = part "nmbd" cfg.enableNmbd;
    winbindd.enable = part "winbindd" cfg.enableWinbindd;
    smbd.extraArgs = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Arguments of smbd.";
    };
    nsswins = lib.mkEnableOption "names of Windows machines" // { visible = false; };
    settings = mkOption {
      type = types.submodule {
        freeformType = format.type;
        options.global = mkOption {
          type = types.submodule { freeformType = types.attrsOf types.anything; };
          default = { };
          description = "Settings of all shares.";
        };
      };
      default = { };
      example = { public.path = "/srv/public"; };
      description = "Settings of `smb.conf`: `global`, and shares by name.";
    };
    shares = mkOption {
      type = types.attrsOf (types.attrsOf types.unspecified);
      default = { };
      description = "Older option: shares of `settings`.";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      description = "Lines of the section `global`.";
    };
    configText = mkOption {
      type = types.nullOr types.lines;
      default = null;
      visible = false;
      description = "The whole of `smb.conf`.";
    };
  };
  config = lib.mkIf cfg.enable {
    services.samba.settings = cfg.shares // {
      global = {
        security = lib.mkDefault cfg.securityType;
        "passwd program" = lib.mkDefault "/run/wrappers/bin/passwd %u";
        "invalid users" = lib.mkDefault cfg.invalidUsers;
        "pam password change" = lib.mkIf cfg.syncPasswordsByPam true;
      };
    };
    environment.etc."samba/smb.conf".source = file;
    environment.systemPackages = [ cfg.package ];
    system.usrPackages = [ cfg.package ];
    security.pam.services.samba = { };
    systemd.slices.system-samba.description = "Samba slice";
    systemd.targets.samba = {
      description = "Samba Server";
      after = [ "network.target" ];
      wantedBy = [ "multi-user.target" ];
    };
    systemd.tmpfiles.rules = [ "d /var/lock/samba 0755 - - -" "d /var/spool/samba 1777 - - -" "d /var/lib/samba/private 0700 - - -" ];
    systemd.services = {
      samba-smbd = lib.mkIf cfg.smbd.enable (daemon "smbd" (lib.escapeShellArgs cfg.smbd.extraArgs));
      samba-nmbd = lib.mkIf cfg.nmbd.enable (daemon "nmbd" "");
      samba-winbindd = lib.mkIf cfg.winbindd.enable (daemon "winbindd" "");
    };
    networking.firewall = lib.mkIf cfg.openFirewall {
      allowedTCPPorts = [ 139 445 ];
      allowedUDPPorts = [ 137 138 ];
    };
  };
}
