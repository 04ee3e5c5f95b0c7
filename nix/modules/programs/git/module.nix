# git.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.programs.git;
in
{
  options.programs.git = {
    enable = mkOption {
      type = types.bool;
      default = false;
      description = "Whether git is installed.";
    };
    package = mkOption {
      type = types.package;
      default = pkgs.git;
      defaultText = lib.literalExpression "pkgs.git";
      description = "The package of git.";
    };
    config = mkOption {
      type = types.attrsOf (types.attrsOf types.anything);
      default = { };
      example = {
        init.defaultBranch = "main";
      };
      description = "Settings of `/etc/gitconfig`.";
    };
    lfs.enable = mkOption {
      type = types.bool;
      default = false;
      description = "Whether large files are kept apart.";
    };
    prompt.enable = mkOption {
      type = types.bool;
      default = false;
      description = "Whether shells can show the branch.";
    };
  };
  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ];
    environment.etc.gitconfig = lib.mkIf (cfg.config != { }) {
      text = lib.generators.toGitINI cfg.config;
    };
  };
}
