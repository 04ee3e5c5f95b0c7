# htop, with settings for everybody.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.programs.htop;
  plain =
    value:
    if builtins.isList value then
      lib.concatMapStringsSep " " plain value
    else if builtins.isBool value then
      (if value then "1" else "0")
    else
      toString value;
  scalar = types.oneOf [ types.str types.int types.bool ];
in
{
  options.programs.htop = {
    enable = lib.mkEnableOption "htop, which shows processes";
    package = lib.mkPackageOption pkgs "htop" { };
    settings = mkOption {
      type = types.attrsOf (types.either scalar (types.listOf scalar));
      default = { };
      example = {
        hide_kernel_threads = true;
        tree_view = true;
      };
      description = "Settings, `htoprc`.";
    };
  };
  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ];
    environment.etc.htoprc.text = lib.concatLines (
      [ "# Global htop configuration" ] ++ lib.mapAttrsToList (key: value: "${key}=${plain value}") cfg.settings
    );
  };
}
