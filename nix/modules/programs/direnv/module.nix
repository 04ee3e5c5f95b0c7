# direnv: variables by folder, in every shell.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag lines;
  cfg = config.programs.direnv;
  format = pkgs.formats.toml { };
  program = lib.getExe cfg.package;
  quiet = lib.optionalString cfg.silent "export DIRENV_LOG_FORMAT=\n";
  # A shell that nix made has its variables already, unless this is wanted.
  hook = shell: quiet + (
    if cfg.loadInNixShell then
      "eval \"$(${program} hook ${shell})\"\n"
    else
      "if [ -z \"$IN_NIX_SHELL$NIX_GCROOT\" ]; then eval \"$(${program} hook ${shell})\"; fi\n"
  );
in
{
  options.programs.direnv = {
    enable = lib.mkEnableOption "direnv, which sets variables by folder";
    package = lib.mkPackageOption pkgs "direnv" { };
    enableBashIntegration = flag true "Whether bash asks it.";
    enableZshIntegration = flag true "Whether zsh asks it.";
    enableFishIntegration = flag true "Whether fish asks it.";
    direnvrcExtra = lines "Lines of `direnvrc`.";
    silent = flag false "Whether it says nothing.";
    loadInNixShell = flag true "Whether it is asked in shells of `nix-shell` too.";
    settings = mkOption {
      inherit (format) type;
      default = { };
      description = "Settings, `direnv.toml`.";
    };
  };
  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ];
    environment.etc = {
      "direnv/direnvrc".text = ''
        # use_nix and use_flake come with direnv itself.
        ${cfg.direnvrcExtra}
        if [ -e "''${XDG_CONFIG_HOME:-$HOME/.config}/direnv/direnvrc" ]; then
          . "''${XDG_CONFIG_HOME:-$HOME/.config}/direnv/direnvrc"
        fi
        for part in "''${XDG_CONFIG_HOME:-$HOME/.config}"/direnv/lib/*.sh; do
          if [ -e "$part" ]; then . "$part"; fi
        done
      '';
      "direnv/direnv.toml" = lib.mkIf (cfg.settings != { }) { source = format.generate "direnv.toml" cfg.settings; };
    };
    environment.variables.DIRENV_CONFIG = "/etc/direnv";
    programs.bash.interactiveShellInit = lib.mkIf cfg.enableBashIntegration (hook "bash");
    programs.zsh.interactiveShellInit = lib.mkIf cfg.enableZshIntegration (hook "zsh");
    programs.fish.interactiveShellInit = lib.mkIf cfg.enableFishIntegration (
      lib.optionalString cfg.silent "set -gx DIRENV_LOG_FORMAT ''\n" + "${program} hook fish | source\n"
    );
  };
}
