# Neovim for everybody.
{ config, lib, pkgs, ... }:
let
  inherit (import ../../option-kinds.nix { inherit lib; }) flag;
  cfg = config.programs.neovim;
  names = lib.optional cfg.viAlias "vi" ++ lib.optional cfg.vimAlias "vim";
  aliases = pkgs.runCommandLocal "neovim-aliases" { } (
    "mkdir -p $out/bin\n" + lib.concatMapStrings (name: "ln -s ${cfg.package}/bin/nvim $out/bin/${name}\n") names
  );
in
{
  options.programs.neovim = {
    enable = lib.mkEnableOption "Neovim for everybody";
    package = lib.mkPackageOption pkgs "neovim" { };
    defaultEditor = flag false "Whether it is the editor that other programs start.";
    viAlias = flag false "Whether `vi` is Neovim.";
    vimAlias = flag false "Whether `vim` is Neovim.";
  };
  config = lib.mkIf cfg.enable {
    # Names that others have as well are Neovim's.
    environment.systemPackages = [ cfg.package ] ++ lib.optional (names != [ ]) (lib.hiPrio aliases);
    environment.variables.EDITOR = lib.mkIf cfg.defaultEditor (lib.mkOverride 900 "nvim");
  };
}
