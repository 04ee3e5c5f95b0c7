# Certificate authorities which the machine trusts.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.security.pki;
  more = cfg.certificateFiles != [ ] || cfg.certificates != [ ];
  stock = "${pkgs.cacert}/etc/ssl/certs/ca-bundle.crt";
  bundle =
    if !more then
      stock
    else
      pkgs.runCommand "ca-certificates.crt" {
        extra = lib.concatStringsSep "\n" cfg.certificates;
        passAsFile = [ "extra" ];
      } ''
        cat ${stock} ${lib.escapeShellArgs (map toString cfg.certificateFiles)} "$extraPath" > $out
      '';
in
{
  options.security.pki = {
    installCACerts = mkOption {
      type = types.bool;
      default = true;
      description = "Whether certificates of the usual authorities are installed.";
    };
    certificateFiles = mkOption {
      type = types.listOf types.path;
      default = [ ];
      description = "Files of further certificates.";
    };
    certificates = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Further certificates as text.";
    };
    useCompatibleBundle = mkOption {
      type = types.bool;
      default = false;
      description = "Whether the bundle keeps to what old programs understand.";
    };
    caCertificateBlacklist = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Names of authorities which are not trusted.";
    };
    caBundle = mkOption {
      type = types.path;
      readOnly = true;
      default = bundle;
      defaultText = lib.literalExpression "the file of all certificates";
      description = "The file of all certificates.";
    };
  };
  config = lib.mkIf cfg.installCACerts {
    environment.etc = {
      "ssl/certs/ca-certificates.crt".source = bundle;
      "ssl/certs/ca-bundle.crt".source = bundle;
      "pki/tls/certs/ca-bundle.crt".source = bundle;
    };
    environment.sessionVariables = {
      SSL_CERT_FILE = lib.mkDefault "/etc/ssl/certs/ca-certificates.crt";
      NIX_SSL_CERT_FILE = lib.mkDefault "/etc/ssl/certs/ca-certificates.crt";
    };
  };
}
