# The options that the cases beside this file define, rightly or wrongly.
{ lib, config, ... }:
let
  inherit (lib) mkOption types;
in
{
  imports = [
    (lib.mkRemovedOptionModule [ "services" "old" ] "Use services.web instead.")
    (lib.mkRenamedOptionModule [ "services" "httpd" "enable" ] [ "services" "web" "enable" ])
  ];
  options = {
    assertions = mkOption { type = types.listOf types.unspecified; default = [ ]; };
    warnings = mkOption { type = types.listOf types.str; default = [ ]; };
    networking.hostName = mkOption { type = types.str; default = "host"; };
    services.web = {
      enable = lib.mkEnableOption "the web server";
      port = mkOption { type = types.port; default = 80; };
      modules = mkOption { type = types.listOf types.str; default = [ ]; };
      headers = mkOption { type = types.attrsOf types.str; default = { }; };
      settings = mkOption {
        type = types.submodule { freeformType = types.attrsOf (types.attrsOf types.int); };
        default = { };
      };
      hosts = mkOption {
        type = types.attrsOf (types.submodule { options.root = mkOption { type = types.str; }; });
        default = { };
      };
    };
    system.version = mkOption { type = types.str; readOnly = true; default = "1"; };
  };
}
