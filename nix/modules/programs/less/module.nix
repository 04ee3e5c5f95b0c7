# The pager.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.programs.less;
in
{
  options.programs.less = {
    enable = mkOption {
      type = types.bool;
      default = false;
      description = "Whether less is installed and is the pager.";
    };
    package = mkOption {
      type = types.package;
      default = pkgs.less;
      defaultText = lib.literalExpression "pkgs.less";
      description = "The package of less.";
    };
    envVariables = mkOption {
      type = types.attrsOf types.str;
      default.LESS = "-R";
      description = "Variables of less.";
    };
  };
  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ];
    environment.variables = lib.mapAttrs (_: lib.mkDefault) (cfg.envVariables // { PAGER = "less"; });
  };
}
