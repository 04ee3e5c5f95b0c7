# Shells: which there are, their aliases, and the environment they set up.
{
  config,
  lib,
  pkgs,
  utils,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.environment;
  aliases = types.attrsOf (types.nullOr (types.either types.str types.path));
  inherit (import ../../../option-kinds.nix { inherit lib; }) lines;
  export = name: value: ''export ${name}="${value}"'' + "\n";
  exports = vars: lib.concatStrings (lib.mapAttrsToList export (lib.filterAttrs (_: v: v != null) vars));
  listed =
    suffixesByName:
    lib.mapAttrs (
      _: suffixes:
      lib.concatStringsSep ":" (
        lib.concatMap (profile: map (suffix: profile + suffix) suffixes) cfg.profiles
      )
    ) suffixesByName;
  sets = lib.recursiveUpdate (listed cfg.profileRelativeSessionVariables) (
    listed cfg.profileRelativeEnvVars
  );
  paths = sets // {
    PATH = lib.concatStringsSep ":" (
      lib.optional cfg.homeBinInPath "$HOME/bin"
      ++ lib.optional cfg.localBinInPath "$HOME/.local/bin"
      ++ [ config.security.wrapperDir ]
      ++ [ sets.PATH ]
    );
  };
in
{
  options.environment = {
    shells = mkOption {
      type = types.listOf (types.either types.shellPackage types.path);
      default = [ ];
      example = lib.literalExpression "[ pkgs.zsh ]";
      description = "Programs allowed as login shells (`/etc/shells`).";
    };
    shellAliases = mkOption {
      type = aliases;
      default = { };
      example = {
        ll = "ls -l";
      };
      description = "Aliases of all shells; null removes one.";
    };
    binsh = mkOption {
      type = types.path;
      default = "${pkgs.runtimeShell}";
      defaultText = lib.literalExpression "bash";
      description = "The program behind `/bin/sh`.";
    };
    usrbinenv = mkOption {
      type = types.nullOr types.path;
      default = "${pkgs.coreutils}/bin/env";
      defaultText = lib.literalExpression ''"''${pkgs.coreutils}/bin/env"'';
      description = "The program behind `/usr/bin/env`.";
    };
    shellInit = lines "Code run by each shell when it starts.";
    loginShellInit = lines "Code run by login shells when they start.";
    interactiveShellInit = lines "Code run by interactive shells when they start.";
    extraInit = lines "Code run when the environment is set up, after the variables.";
  };
  config = {
    environment.shells = [
      "/run/current-system/sw/bin/bash"
      "/run/current-system/sw/bin/sh"
      "/usr/bin/bash"
      "/usr/bin/sh"
      "/bin/bash"
      "/bin/sh"
    ];
    environment.shellAliases = lib.mapAttrs (_: lib.mkDefault) {
      ls = "ls --color=tty";
      ll = "ls -l";
      l = "ls -alh";
    };
    environment.etc = {
      shells.text = lib.concatMapStrings (shell: utils.toShellPath shell + "\n") cfg.shells;
      set-environment.text = ''
        # Sets the variables of the machine's configuration once in each session.
        if [ -n "$__NIXOS_SET_ENVIRONMENT_DONE" ]; then return; fi
        export __NIXOS_SET_ENVIRONMENT_DONE=1
        export HOME="''${HOME:-/root}" USER="''${USER:-root}"
        ${exports paths}${exports (cfg.sessionVariables // cfg.variables)}${cfg.extraInit}
      '';
      profile.text = ''
        # Read by login shells.
        if [ -z "$__NIXOS_SET_ENVIRONMENT_DONE" ]; then . /etc/set-environment; fi
        if [ -n "$__ETC_PROFILE_DONE" ]; then return; fi
        __ETC_PROFILE_DONE=1
        ${cfg.shellInit}
        ${cfg.loginShellInit}
        if [ -n "$BASH_VERSION" ] && [ -f /etc/bashrc ]; then . /etc/bashrc; fi
      '';
    };
    system.activationPlan.shells = {
      sh = cfg.binsh;
      env = cfg.usrbinenv;
    };
  };
}
