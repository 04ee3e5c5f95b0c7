# The editor nano.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.programs.nano;
in
{
  options.programs.nano = {
    enable = mkOption {
      type = types.bool;
      default = false;
      description = "Whether nano is installed.";
    };
    package = mkOption {
      type = types.package;
      default = pkgs.nano;
      defaultText = lib.literalExpression "pkgs.nano";
      description = "The package of nano.";
    };
    nanorc = mkOption {
      type = types.lines;
      default = "";
      description = "Lines of `nanorc`.";
    };
    syntaxHighlight = mkOption {
      type = types.bool;
      default = true;
      description = "Whether syntax is coloured.";
    };
  };
  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ];
    environment.etc.nanorc.text =
      lib.optionalString cfg.syntaxHighlight "include ${cfg.package}/share/nano/*.nanorc\n" + cfg.nanorc;
  };
}
