# vsftpd: files by FTP.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption optional types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag lines maybe names text;
  cfg = config.services.vsftpd;
  # Switches: what they are called in the file, what they are at first, what they say.
  switches = {
    allowWriteableChroot = [ "allow_writeable_chroot" false "Whether who is confined to a folder may write to it." ];
    anonymousMkdirEnable = [ "anon_mkdir_write_enable" false "Whether the anonymous user may make folders." ];
    anonymousUploadEnable = [ "anon_upload_enable" false "Whether the anonymous user may bring files." ];
    anonymousUser = [ "anonymous_enable" false "Whether anybody may fetch files, as the anonymous user." ];
    anonymousUserNoPassword = [ "no_anon_password" false "Whether the anonymous user is asked for no password." ];
    chrootlocalUser = [ "chroot_local_user" false "Whether users are confined to their home folders." ];
    forceLocalDataSSL = [ "force_local_data_ssl" false "Whether users' files go over TLS only." ];
    forceLocalLoginsSSL = [ "force_local_logins_ssl" false "Whether users log in over TLS only." ];
    localUsers = [ "local_enable" false "Whether the machine's users may log in." ];
    portPromiscuous = [ "port_promiscuous" false "Whether connections for data may lead elsewhere." ];
    ssl_sslv2 = [ "ssl_sslv2" false "Whether SSL 2 may be used." ];
    ssl_sslv3 = [ "ssl_sslv3" false "Whether SSL 3 may be used." ];
    ssl_tlsv1 = [ "ssl_tlsv1" true "Whether TLS may be used." ];
    userlistDeny = [ "userlist_deny" false "Whether the list names who may not log in, instead of who may." ];
    userlistEnable = [ "userlist_enable" (cfg.userlist != [ ]) "Whether the list of users counts." ];
    virtualUseLocalPrivs = [ "virtual_use_local_privs" false "Whether virtual users may do what the machine's may." ];
    writeEnable = [ "write_enable" false "Whether anything may be written." ];
  };
  yesNo = value: if value then "YES" else "NO";
  file = pkgs.writeText "vsftpd.conf" (
    lib.concatLines (
      lib.mapAttrsToList (name: entry: "${lib.head entry}=${yesNo cfg.${name}}") switches
      ++ lib.optionals (cfg.rsaCertFile != null) [ "ssl_enable=YES" "rsa_cert_file=${cfg.rsaCertFile}" ]
      ++ optional (cfg.rsaKeyFile != null) "rsa_private_key_file=${cfg.rsaKeyFile}"
      ++ optional (cfg.userlistFile != null) "userlist_file=${cfg.userlistFile}"
      ++ optional (cfg.localRoot != null) "local_root=${cfg.localRoot}"
      ++ optional cfg.anonymousUser "anon_root=${cfg.anonymousUserHome}"
      ++ lib.optionals cfg.enableVirtualUsers [ "guest_enable=YES" "guest_username=vsftpd" ]
      ++ [
        "background=YES"
        "listen=NO"
        "listen_ipv6=YES"
        "nopriv_user=vsftpd"
        "secure_chroot_dir=/var/empty"
        "syslog_enable=YES"
        "seccomp_sandbox=NO"
        "anon_umask=${cfg.anonymousUmask}"
        "pam_service_name=vsftpd"
        cfg.extraConfig
      ]
    )
  );
in
{
  options.services.vsftpd =
    lib.mapAttrs (_: entry: flag (lib.elemAt entry 1) (lib.elemAt entry 2)) switches
    // {
      enable = lib.mkEnableOption "vsftpd, files by FTP";
      userlist = names "Users on the list.";
      userlistFile = mkOption {
        type = types.path;
        default = pkgs.writeText "userlist" (lib.concatLines cfg.userlist);
        defaultText = lib.literalMD "made from `userlist`";
        description = "File with the list of users.";
      };
      enableVirtualUsers = flag false "Whether users of a list of their own may log in.";
      userDbPath = maybe types.str "That list, without its suffix `.db`.";
      localRoot = maybe types.str "The folder that users see.";
      anonymousUserHome = mkOption {
        type = types.path;
        default = "/home/ftp/";
        description = "The folder that the anonymous user sees.";
      };
      anonymousUmask = text "077" "What is taken away from the mode of the anonymous user's files.";
      rsaCertFile = maybe types.path "Certificate; with it, TLS is possible.";
      rsaKeyFile = maybe types.path "Private key, if it is not with the certificate.";
      extraConfig = lines "Lines of `vsftpd.conf`.";
    };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = (cfg.forceLocalLoginsSSL || cfg.forceLocalDataSSL) -> cfg.rsaCertFile != null;
        message = "vsftpd: TLS is asked for, and there is no certificate: set `services.vsftpd.rsaCertFile`.";
      }
      {
        assertion = cfg.enableVirtualUsers -> (cfg.userDbPath != null && cfg.localUsers);
        message = "vsftpd: virtual users need `services.vsftpd.userDbPath` and `services.vsftpd.localUsers`.";
      }
    ];
    # It takes root's own file only, and the store may be somebody else's.
    environment.etc."vsftpd.conf" = {
      source = file;
      mode = "0644";
    };
    users.users = {
      vsftpd = {
        group = "vsftpd";
        isSystemUser = true;
        description = "VSFTPD user";
        home = if cfg.localRoot != null then cfg.localRoot else "/homeless-shelter";
      };
    }
    // lib.optionalAttrs cfg.anonymousUser {
      ftp = {
        isSystemUser = true;
        group = "ftp";
        description = "Anonymous FTP user";
        home = cfg.anonymousUserHome;
      };
    };
    users.groups = {
      vsftpd = { };
      ftp = { };
    };
    services.vsftpd.userlist = optional cfg.userlistDeny "root";
    systemd.tmpfiles.rules = optional cfg.anonymousUser "d '${toString cfg.anonymousUserHome}' 0555 'ftp' 'ftp' - -";
    systemd.services.vsftpd = {
      description = "Vsftpd Server";
      wantedBy = [ "multi-user.target" ];
      restartTriggers = [ file ];
      serviceConfig = {
        ExecStart = "@${pkgs.vsftpd}/bin/vsftpd vsftpd /etc/vsftpd.conf";
        Restart = "always";
        Type = "forking";
      };
    };
    security.pam.services.vsftpd = lib.mkIf (cfg.enableVirtualUsers && cfg.userDbPath != null) {
      text = ''
        auth required pam_userdb.so db=${cfg.userDbPath}
        account required pam_userdb.so db=${cfg.userDbPath}
      '';
    };
  };
}
