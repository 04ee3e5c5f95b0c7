# bash as everyone's shell.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.programs.bash;
  text =
    default: description:
    mkOption {
      type = types.lines;
      inherit default description;
    };
  aliases = lib.concatStrings (
    lib.mapAttrsToList (
      name: value: lib.optionalString (value != null) "alias -- ${name}=${lib.escapeShellArg value}\n"
    ) cfg.shellAliases
  );
in
{
  options.programs.bash = {
    enable = mkOption {
      type = types.bool;
      default = true;
      description = "Whether bash is set up.";
    };
    shellAliases = mkOption {
      type = types.attrsOf (types.nullOr (types.either types.str types.path));
      default = { };
      description = "Aliases of bash.";
    };
    shellInit = text "" "Code run by each bash when it starts.";
    loginShellInit = text "" "Code run by login shells.";
    interactiveShellInit = text "" "Code run by interactive shells.";
    logout = text "" "Code run when a login shell ends.";
    promptInit = text ''
      PS1='\n\[\033[1;32m\][\u@\h:\w]\$\[\033[0m\] '
    '' "Code that sets the prompt.";
    promptPluginInit = text "" "Code that sets up the prompt's plug-ins.";
    completion.enable = mkOption {
      type = types.bool;
      default = true;
      description = "Whether arguments of commands are completed.";
    };
    enableLsColors = mkOption {
      type = types.bool;
      default = true;
      description = "Whether ls shows colours.";
    };
    blesh.enable = mkOption {
      type = types.bool;
      default = false;
      description = "Whether ble.sh is used; not part of `base`.";
    };
  };
  config = lib.mkIf cfg.enable {
    programs.bash.shellAliases = lib.mapAttrs (_: lib.mkDefault) config.environment.shellAliases;
    environment.etc = {
      bashrc.text = ''
        # Read by interactive shells.
        if [ -n "$__ETC_BASHRC_SOURCED" ] || [ -n "$NOSYSBASHRC" ]; then return; fi
        __ETC_BASHRC_SOURCED=1
        if [ -z "$__ETC_PROFILE_DONE" ]; then . /etc/profile; fi
        ${cfg.shellInit}
        if [ -n "$PS1" ]; then
        shopt -s checkwinsize
        ${cfg.promptInit}
        ${cfg.promptPluginInit}
        ${aliases}
        ${config.environment.interactiveShellInit}
        ${cfg.interactiveShellInit}
        fi
      '';
      "bash.bashrc".text = "if [ -f /etc/bashrc ]; then . /etc/bashrc; fi\n";
      inputrc.text = ''
        set meta-flag on
        set input-meta on
        set convert-meta off
        set output-meta on
        "\e[1~": beginning-of-line
        "\e[4~": end-of-line
        "\e[3~": delete-char
        "\e[1;5C": forward-word
        "\e[1;5D": backward-word
      '';
    };
    environment.loginShellInit = cfg.loginShellInit;
  };
}
