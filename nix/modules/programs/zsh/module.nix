# zsh: the shell, its environment and prompt.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag lines names text;
  cfg = config.programs.zsh;
  env = config.environment;
  aliases = lib.concatStrings (
    lib.mapAttrsToList (name: value: lib.optionalString (value != null) "alias -- ${name}=${lib.escapeShellArg value}\n") cfg.shellAliases
  );
  # A file that does its work once in each shell, and what the administrator keeps beside it.
  once = name: body: ''
    if [ -n "''${__ETC_${lib.toUpper name}_SOURCED-}" ]; then return; fi
    __ETC_${lib.toUpper name}_SOURCED=1
    ${body}
    if [ -f /etc/${name}.local ]; then . /etc/${name}.local; fi
  '';
  plugin = name: ". ${pkgs.debian.${name}}/share/${name}/${name}.zsh\n";
  files = {
    zshenv = once "zshenv" ''
      if [ -z "''${__NIXOS_SET_ENVIRONMENT_DONE-}" ]; then . /etc/set-environment; fi
      for p in ''${(z)NIX_PROFILES}; do
        fpath=($p/share/zsh/site-functions $p/share/zsh/vendor-completions $fpath)
      done
      fpath=(/run/current-system/sw/share/zsh/site-functions /run/current-system/sw/share/zsh/vendor-completions $fpath)
      ${env.shellInit}
      ${cfg.shellInit}
    '';
    zprofile = once "zprofile" ''
      ${env.loginShellInit}
      ${cfg.loginShellInit}
    '';
    zshrc = once "zshrc" (
      ''
        if [ -n "''${NOSYSZSHRC-}" ]; then return; fi
      ''
      + lib.optionalString (cfg.setOptions != [ ]) "setopt ${lib.concatStringsSep " " cfg.setOptions}\n"
      + ''
        SAVEHIST=${toString cfg.histSize}
        HISTSIZE=${toString cfg.histSize}
        HISTFILE=${cfg.histFile}
        bindkey -e
        bindkey '^[[1~' beginning-of-line '^[[H' beginning-of-line '^[[4~' end-of-line '^[[F' end-of-line
        bindkey '^[[3~' delete-char '^[[1;5C' forward-word '^[[1;5D' backward-word
      ''
      + lib.optionalString cfg.enableGlobalCompInit "autoload -U compinit && compinit\n"
      + lib.optionalString cfg.enableBashCompletion "autoload -U bashcompinit && bashcompinit\n"
      + ''
        ${env.interactiveShellInit}
        ${cfg.interactiveShellInit}
      ''
      + lib.optionalString cfg.enableLsColors "eval \"$(${pkgs.coreutils}/bin/dircolors -b)\"\n"
      + aliases
      + cfg.promptInit
      + lib.optionalString cfg.autosuggestions.enable (
        plugin "zsh-autosuggestions"
        + ''
          ZSH_AUTOSUGGEST_HIGHLIGHT_STYLE='${cfg.autosuggestions.highlightStyle}'
          ZSH_AUTOSUGGEST_STRATEGY=(${lib.concatStringsSep " " cfg.autosuggestions.strategy})
        ''
        + lib.optionalString (!cfg.autosuggestions.async) "unset ZSH_AUTOSUGGEST_USE_ASYNC\n"
        + lib.concatStrings (lib.mapAttrsToList (name: value: "${name}='${value}'\n") cfg.autosuggestions.extraConfig)
      )
      # It has to come last.
      + lib.optionalString cfg.syntaxHighlighting.enable (
        plugin "zsh-syntax-highlighting"
        + ''
          ZSH_HIGHLIGHT_HIGHLIGHTERS=(${lib.concatStringsSep " " cfg.syntaxHighlighting.highlighters})
        ''
        + lib.concatStrings (lib.mapAttrsToList (name: value: "ZSH_HIGHLIGHT_PATTERNS+=('${name}' '${value}')\n") cfg.syntaxHighlighting.patterns)
        + lib.concatStrings (lib.mapAttrsToList (name: value: "ZSH_HIGHLIGHT_STYLES[${name}]='${value}'\n") cfg.syntaxHighlighting.styles)
      )
      + ''
        if [ "$TERM" = dumb ]; then
          unsetopt zle prompt_cr prompt_subst
          unset RPS1 RPROMPT
          PS1='$ '
        fi
      ''
    );
  };
in
{
  options.programs.zsh = {
    enable = lib.mkEnableOption "zsh as a shell of users";
    shellAliases = mkOption {
      type = types.attrsOf (types.nullOr (types.either types.str types.path));
      default = { };
      description = "Aliases of zsh.";
    };
    shellInit = lines "Code run by each zsh when it starts.";
    loginShellInit = lines "Code run by login shells.";
    interactiveShellInit = lines "Code run by interactive shells.";
    promptInit = mkOption {
      type = types.lines;
      default = ''
        autoload -U promptinit && promptinit && prompt suse && setopt prompt_sp
      '';
      description = "Code that sets the prompt.";
    };
    histSize = mkOption {
      type = types.int;
      default = 2000;
      description = "How many lines are remembered.";
    };
    histFile = text "$HOME/.zsh_history" "Where they are.";
    setOptions = mkOption {
      type = types.listOf types.str;
      default = [ "HIST_IGNORE_DUPS" "SHARE_HISTORY" "HIST_FCNTL_LOCK" ];
      description = "Options of zsh.";
    };
    enableCompletion = flag true "Whether arguments of commands are completed.";
    enableBashCompletion = flag false "Whether completions of bash work as well.";
    enableGlobalCompInit = mkOption {
      type = types.bool;
      default = cfg.enableCompletion;
      defaultText = lib.literalExpression "config.programs.zsh.enableCompletion";
      description = "Whether completion is set up for everybody.";
    };
    enableLsColors = flag true "Whether ls shows colours.";
    autosuggestions = {
      enable = flag false "Whether commands are suggested as one types.";
      highlightStyle = text "fg=8" "How suggestions look.";
      strategy = mkOption {
        type = types.listOf (types.enum [ "history" "completion" "match_prev_cmd" ]);
        default = [ "history" ];
        description = "Where suggestions come from.";
      };
      async = flag true "Whether they are looked for beside.";
      extraConfig = mkOption {
        type = types.attrsOf types.str;
        default = { };
        description = "Further variables.";
      };
    };
    syntaxHighlighting = {
      enable = flag false "Whether commands are coloured as one types.";
      highlighters = mkOption {
        type = types.listOf (types.enum [ "main" "brackets" "pattern" "cursor" "regexp" "root" "line" ]);
        default = [ "main" ];
        description = "What is coloured.";
      };
      patterns = mkOption {
        type = types.attrsOf types.str;
        default = { };
        description = "Colours by pattern.";
      };
      styles = mkOption {
        type = types.attrsOf types.str;
        default = { };
        description = "Colours by kind.";
      };
    };
  };
  imports = [
    (lib.mkRenamedOptionModule [ "programs" "zsh" "enableAutosuggestions" ] [ "programs" "zsh" "autosuggestions" "enable" ])
    (lib.mkRenamedOptionModule [ "programs" "zsh" "enableSyntaxHighlighting" ] [ "programs" "zsh" "syntaxHighlighting" "enable" ])
  ];
  config = lib.mkIf cfg.enable {
    programs.zsh.shellAliases = lib.mapAttrs (_: lib.mkDefault) env.shellAliases;
    environment.etc =
      lib.mapAttrs (_: content: { text = content; }) files
      # Debian's looks there.
      // lib.mapAttrs' (name: _: lib.nameValuePair "zsh/${name}" { text = ". /etc/${name}\n"; }) files;
    environment.systemPackages = [ pkgs.zsh ];
    environment.pathsToLink = lib.optional cfg.enableCompletion "/share/zsh";
    environment.shells = [ "/run/current-system/sw/bin/zsh" "${pkgs.zsh}/bin/zsh" ];
  };
}
