# fish: the shell, its environment and completions.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag lines;
  cfg = config.programs.fish;
  env = config.environment;
  aliases = lib.concatStrings (
    lib.mapAttrsToList (name: value: lib.optionalString (value != null) "alias ${name} ${lib.escapeShellArg value}\n") cfg.shellAliases
  );
  abbreviations = lib.concatStrings (
    lib.mapAttrsToList (name: value: "abbr -ag ${name} ${lib.escapeShellArg value}\n") cfg.shellAbbrs
  );
  # What bash would have set after running code, which fish can't read.
  fromBash = code: ''
    for __line in (${pkgs.bash}/bin/bash -c '${lib.replaceStrings [ "'" ] [ "'\\''" ] code}; env -0' | string split0)
      set -l __pair (string split -m 1 = -- $__line)
      switch $__pair[1]
        case PWD SHLVL _ OLDPWD BASH_\*
        case PATH
          set -gx PATH (string split : -- $__pair[2])
        case \*
          set -gx $__pair[1] $__pair[2]
      end
    end
  '';
  bashCode = code: lib.optionalString (lib.trim code != "") (fromBash ". ${pkgs.writeText "fish-init" code} >&2");
  once = name: condition: body: ''
    if not set -q __fish_nixos_${name}_config_sourced${lib.optionalString (condition != "") "; and ${condition}"}
      set -g __fish_nixos_${name}_config_sourced 1
      ${body}
    end
  '';
  vendor =
    what:
    mkOption {
      type = types.bool;
      default = true;
      description = "Whether ${what} of packages are there.";
    };
in
{
  options.programs.fish = {
    enable = lib.mkEnableOption "fish as a shell of users";
    package = lib.mkPackageOption pkgs "fish" { };
    useBabelfish = flag false "Has no effect: code for other shells is run by bash.";
    shellAbbrs = mkOption {
      type = types.attrsOf types.str;
      default = { };
      description = "Abbreviations.";
    };
    shellAliases = mkOption {
      type = types.attrsOf (types.nullOr (types.either types.str types.path));
      default = { };
      description = "Aliases of fish.";
    };
    shellInit = lines "Code run by each fish when it starts.";
    loginShellInit = lines "Code run by login shells.";
    interactiveShellInit = lines "Code run by interactive shells.";
    promptInit = lines "Code that sets the prompt.";
    vendor = {
      config.enable = vendor "settings";
      completions.enable = vendor "completions";
      functions.enable = vendor "functions";
    };
  };
  config = lib.mkIf cfg.enable {
    programs.fish.shellAliases = lib.mapAttrs (_: lib.mkDefault) env.shellAliases;
    environment.etc."fish/nixos-env-preinit.fish".text = ''
      if test -z "$__NIXOS_SET_ENVIRONMENT_DONE"
        ${fromBash ". /etc/set-environment"}
      end
    '';
    environment.etc."fish/config.fish".text =
      "source /etc/fish/nixos-env-preinit.fish\n"
      + once "general" "" (bashCode env.shellInit + cfg.shellInit)
      + once "login" "status is-login" (bashCode env.loginShellInit + cfg.loginShellInit)
      + once "interactive" "status is-interactive" (
        abbreviations + aliases + bashCode env.interactiveShellInit + cfg.promptInit + cfg.interactiveShellInit
      );
    environment.pathsToLink = lib.concatLists (
      lib.mapAttrsToList (
        name: folder: lib.optional cfg.vendor.${name}.enable "/share/fish/vendor_${folder}.d"
      ) {
        config = "conf";
        completions = "completions";
        functions = "functions";
      }
    );
    environment.systemPackages = [ cfg.package ];
    # Its own functions and completions are compiled in as /usr.
    system.usrPackages = [ cfg.package ];
    environment.shells = [ "/run/current-system/sw/bin/fish" (lib.getExe cfg.package) ];
  };
}
