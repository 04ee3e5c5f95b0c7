# Vim for everybody.
{ config, lib, pkgs, ... }:
let
  inherit (import ../../option-kinds.nix { inherit lib; }) flag;
  cfg = config.programs.vim;
in
{
  options.programs.vim = {
    enable = lib.mkEnableOption "Vim for everybody" // {
      default = cfg.defaultEditor;
      defaultText = lib.literalExpression "config.programs.vim.defaultEditor";
    };
    defaultEditor = flag false "Whether it is the editor that other programs start.";
    package = lib.mkPackageOption pkgs "vim" { };
  };
  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ];
    environment.variables.EDITOR = lib.mkIf cfg.defaultEditor (lib.mkOverride 900 "vim");
    environment.pathsToLink = [ "/share/vim-plugins" ];
  };
}
