# lighttpd: a small web server.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag lines names text;
  cfg = config.services.lighttpd;
  # In the order in which they have to be loaded.
  known = map (name: "mod_${name}") [
    "rewrite"
    "redirect"
    "alias"
    "access"
    "auth"
    "status"
    "simple_vhost"
    "evhost"
    "userdir"
    "secdownload"
    "fastcgi"
    "proxy"
    "cgi"
    "ssi"
    "compress"
    "usertrack"
    "expire"
    "rrdtool"
    "accesslog"
    "authn_dbi"
    "authn_file"
    "authn_gssapi"
    "authn_ldap"
    "authn_mysql"
    "authn_pam"
    "authn_sasl"
    "cml"
    "deflate"
    "evasive"
    "extforward"
    "flv_streaming"
    "geoip"
    "magnet"
    "mysql_vhost"
    "openssl"
    "scgi"
    "setenv"
    "trigger_b4_dl"
    "uploadprogress"
    "vhostdb"
    "webdav"
    "wstunnel"
  ];
  modules = lib.filter (name: lib.elem name cfg.enableModules) known;
  # Kinds of files that browsers are told of.
  mimeTypes = pkgs.runCommandLocal "lighttpd-mime.conf" { } ''
    {
      echo 'mimetype.assign = ('
      awk '!/^#/ && NF > 1 { for (i = 2; i <= NF; i++) if (!seen[tolower($i)]++) printf "  \".%s\" => \"%s\",\n", $i, $1 }' \
        ${pkgs.debian.media-types}/etc/mime.types
      echo '  "" => "application/octet-stream",'
      echo ')'
    } > $out
  '';
  file = pkgs.writeText "lighttpd.conf" (
    if cfg.configText != "" then
      cfg.configText
    else
      ''
        server.document-root = "${cfg.document-root}"
        server.port = ${toString cfg.port}
        server.username = "lighttpd"
        server.groupname = "lighttpd"
        server.modules = (${lib.concatMapStringsSep ", " (name: "\"${name}\"") modules})
        accesslog.use-syslog = "enable"
        server.errorlog-use-syslog = "enable"
        static-file.exclude-extensions = ( ".fcgi", ".php", ".rb", "~", ".inc" )
        index-file.names = ( "index.html" )
      ''
      + lib.optionalString cfg.enableUpstreamMimeTypes "include \"${mimeTypes}\"\n"
      + lib.optionalString cfg.mod_userdir "userdir.path = \"public_html\"\n"
      + lib.optionalString cfg.mod_status ''
        status.status-url = "/server-status"
        status.statistics-url = "/server-statistics"
        status.config-url = "/server-config"
      ''
      + cfg.extraConfig
  );
  unknown = lib.subtractLists known cfg.enableModules;
in
{
  options.services.lighttpd = {
    enable = lib.mkEnableOption "lighttpd, a small web server";
    package = lib.mkPackageOption pkgs "lighttpd" { };
    port = mkOption {
      type = types.port;
      default = 80;
      description = "TCP port.";
    };
    document-root = mkOption {
      type = types.path;
      default = "/srv/www";
      description = "Folder that is served; `lighttpd` must be able to read it.";
    };
    enableModules = names "Modules, such as `mod_cgi`.";
    enableUpstreamMimeTypes = flag true "Whether browsers are told the kinds of files.";
    mod_status = flag false "Whether `/server-status` and its kind show how it does.";
    mod_userdir = flag false "Whether `/~user/` leads to the folder `public_html` of users.";
    configText = text "" "The whole configuration, in the place of what is made from these options.";
    extraConfig = lines "Further lines of the configuration.";
  };
  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = unknown == [ ];
        message = "services.lighttpd.enableModules: lighttpd has no ${toString unknown}. Known are ${toString known}.";
      }
    ];
    services.lighttpd.enableModules =
      [ "mod_accesslog" ] ++ lib.optional cfg.mod_status "mod_status" ++ lib.optional cfg.mod_userdir "mod_userdir";
    users.users.lighttpd = {
      isSystemUser = true;
      group = "lighttpd";
      description = "lighttpd web server privilege separation user";
    };
    users.groups.lighttpd = { };
    systemd.services.lighttpd = {
      description = "Lighttpd Web Server";
      after = [ "network.target" ];
      wantedBy = [ "multi-user.target" ];
      serviceConfig = {
        ExecStart = "${cfg.package}/bin/lighttpd -D -m ${cfg.package}/lib/lighttpd -f ${file}";
        ExecReload = "${pkgs.coreutils}/bin/kill -SIGUSR1 $MAINPID";
        # It ends in peace on this.
        KillSignal = "SIGINT";
      };
    };
  };
}
