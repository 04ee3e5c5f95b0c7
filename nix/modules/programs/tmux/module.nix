# tmux: several terminals in one.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption optionalString types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag lines text;
  cfg = config.programs.tmux;
  number =
    default: description:
    mkOption {
      type = types.ints.unsigned;
      inherit default description;
    };
  onOff = value: if value then "on" else "off";
  amount = toString cfg.resizeAmount;
  directions = {
    h = "L";
    j = "D";
    k = "U";
    l = "R";
  };
  panes = lib.concatStrings (
    lib.mapAttrsToList (key: to: "bind ${key} select-pane -${to}\nbind -r ${lib.toUpper key} resize-pane -${to} ${amount}\n") directions
  );
in
{
  imports = [ (lib.mkRenamedOptionModule [ "programs" "tmux" "extraTmuxConf" ] [ "programs" "tmux" "extraConfig" ]) ];
  options.programs.tmux = {
    enable = lib.mkEnableOption "tmux, several terminals in one, with a configuration for everybody";
    package = lib.mkPackageOption pkgs "tmux" { };
    aggressiveResize = flag false "Whether windows are as large as the smallest terminal that looks at them.";
    baseIndex = number 0 "Number of the first window.";
    clock24 = flag false "Whether the clock counts 24 hours.";
    customPaneNavigationAndResize = flag false "Whether h, j, k, l lead from pane to pane.";
    escapeTime = number 500 "Milliseconds to wait after Escape.";
    extraConfigBeforePlugins = lines "Lines of the configuration, before plugins.";
    extraConfig = lines "Lines of the configuration.";
    historyLimit = number 2000 "How many lines are kept.";
    keyMode = mkOption {
      type = types.enum [ "emacs" "vi" ];
      default = "emacs";
      description = "Whose keys.";
    };
    newSession = flag false "Whether a session is made if there is none.";
    reverseSplit = flag false "Whether v and s split windows.";
    resizeAmount = number 5 "How far a resize goes.";
    shortcut = text "b" "The key that, with Ctrl, comes first.";
    terminal = text "screen" "What `TERM` is inside.";
    secureSocket = flag true "Whether sessions end when their user has logged out.";
    plugins = mkOption {
      type = types.listOf types.package;
      default = [ ];
      description = "Plugins.";
    };
    withUtempter = flag true "Has no effect: Debian's tmux writes no logins.";
  };
  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ] ++ cfg.plugins;
    environment.variables.TMUX_TMPDIR = lib.mkIf cfg.secureSocket ''''${XDG_RUNTIME_DIR:-"/run/user/$(id -u)"}'';
    environment.etc."tmux.conf".text =
      ''
        set -g default-terminal "${cfg.terminal}"
        set -g base-index ${toString cfg.baseIndex}
        setw -g pane-base-index ${toString cfg.baseIndex}
        set -g history-limit ${toString cfg.historyLimit}
        set -g status-keys ${cfg.keyMode}
        set -g mode-keys ${cfg.keyMode}
        setw -g aggressive-resize ${onOff cfg.aggressiveResize}
        setw -g clock-mode-style ${if cfg.clock24 then "24" else "12"}
        set -s escape-time ${toString cfg.escapeTime}
      ''
      + optionalString cfg.newSession "new-session -A -s 0\n"
      + optionalString cfg.reverseSplit "bind v split-window -h\nbind s split-window -v\n"
      + optionalString (cfg.keyMode == "vi" && cfg.customPaneNavigationAndResize) panes
      + optionalString (cfg.shortcut != "b") ''
        unbind C-b
        set -g prefix C-${cfg.shortcut}
        bind ${cfg.shortcut} send-prefix
        bind C-${cfg.shortcut} last-window
      ''
      + cfg.extraConfigBeforePlugins
      + lib.concatMapStrings (plugin: "run-shell ${plugin.rtp}\n") cfg.plugins
      + cfg.extraConfig;
  };
}
