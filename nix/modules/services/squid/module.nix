# Squid: a proxy that keeps pages.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag lines maybe;
  cfg = config.services.squid;
  localNetworks = [ "10.0.0.0/8" "172.16.0.0/12" "192.168.0.0/16" "169.254.0.0/16" "fc00::/7" "fe80::/10" ];
  safePorts = [ "80" "21" "443" "70" "210" "1025-65535" "280" "488" "591" "777" ];
  text =
    if cfg.configText != null then
      cfg.configText
    else
      lib.concatMapStrings (network: "acl localnet src ${network}\n") localNetworks
      + "acl SSL_ports port 443\n"
      + lib.concatMapStrings (port: "acl Safe_ports port ${port}\n") safePorts
      + ''
        acl CONNECT method CONNECT
        http_access deny !Safe_ports
        http_access deny CONNECT !SSL_ports
        http_access allow localhost manager
        http_access deny manager
        # What listens only on this machine is nobody else's business.
        http_access deny to_localhost
        cache_log stdio:/var/log/squid/cache.log
        access_log stdio:/var/log/squid/access.log
        cache_store_log stdio:/var/log/squid/store.log
        pid_filename /run/squid.pid
        cache_effective_user squid squid
        ${cfg.extraConfig}
        http_access allow localnet
        http_access allow localhost
        http_access deny all
        http_port ${lib.optionalString (cfg.proxyAddress != null) "${cfg.proxyAddress}:"}${toString cfg.proxyPort}
        coredump_dir /var/cache/squid
        refresh_pattern ^ftp: 1440 20% 10080
        refresh_pattern ^gopher: 1440 0% 1440
        refresh_pattern -i (/cgi-bin/|\?) 0 0% 0
        refresh_pattern . 0 20% 4320
      '';
  plain = pkgs.writeText "squid.conf" text;
  # Debian's squid looks for its own files in /usr, and knows no user squid while this is built.
  checked = pkgs.runCommandLocal "squid.conf" { } ''
    sed -e '/^ *cache_effective_user/d' -e "s|/var/[^ ]*/squid|$PWD|" ${plain} > squid.conf
    {
      echo "mime_table ${cfg.package}/share/squid/mime.conf"
      echo "icon_directory ${cfg.package}/share/squid/icons"
      echo "error_directory ${cfg.package}/share/squid/errors/templates"
      echo "unlinkd_program ${cfg.package}/lib/squid/unlinkd"
      echo "pinger_program ${cfg.package}/lib/squid/pinger"
    } >> squid.conf
    if ! ${cfg.package}/bin/squid -k parse -f squid.conf > log 2>&1; then
      cat log
      exit 1
    fi
    cp ${plain} $out
  '';
  file = if cfg.validateConfig then checked else plain;
in
{
  options.services.squid = {
    enable = lib.mkEnableOption "Squid, a proxy that keeps pages";
    package = lib.mkPackageOption pkgs "squid" { };
    validateConfig = flag true "Whether the configuration is checked when the machine is built.";
    proxyAddress = maybe types.str "Address; all of them if unset.";
    proxyPort = mkOption {
      type = types.port;
      default = 3128;
      description = "TCP port.";
    };
    extraConfig = lines "Lines of `squid.conf`, before the rules of access at its end.";
    configText = maybe types.lines "All of `squid.conf`, in the place of what is made here.";
  };
  config = lib.mkIf cfg.enable {
    system.usrPackages = [ cfg.package ];
    users.users.squid = {
      isSystemUser = true;
      group = "squid";
      home = "/var/cache/squid";
      createHome = true;
    };
    users.groups.squid = { };
    systemd.services.squid = {
      description = "Squid caching proxy";
      documentation = [ "man:squid(8)" ];
      after = [ "network.target" "nss-lookup.target" ];
      wantedBy = [ "multi-user.target" ];
      preStart = ''
        mkdir -p /var/log/squid
        chown squid:squid /var/log/squid
        ${cfg.package}/bin/squid --foreground -z -f ${file}
      '';
      serviceConfig = {
        PIDFile = "/run/squid.pid";
        ExecStart = "${cfg.package}/bin/squid --foreground -YCs -f ${file}";
        ExecReload = "${pkgs.coreutils}/bin/kill -HUP $MAINPID";
        KillMode = "mixed";
        NotifyAccess = "all";
      };
    };
  };
}
