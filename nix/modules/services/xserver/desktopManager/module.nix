# Desktops: base has no whole one, but a terminal can be the session.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  inherit (import ../../../option-kinds.nix { inherit lib; }) flag;
  cfg = config.services.xserver.desktopManager;
in
{
  options.services.xserver.desktopManager = {
    session = mkOption {
      type = types.listOf types.attrs;
      default = [ ];
      internal = true;
      description = "Desktops: `name` and `start`, shell commands that set `waitPID`.";
    };
    xterm.enable = flag false "Whether a terminal is a session.";
    runXdgAutostartIfNone = flag false "Whether programs that people want at login start in sessions without a desktop.";
  };
  config.services.xserver = {
    desktopManager.session = lib.optional cfg.xterm.enable {
      name = "xterm";
      start = "${pkgs.xterm}/bin/xterm -ls &\nwaitPID=$!\n";
    };
    displayManager.session = map (s: s // { manage = "desktop"; }) cfg.session;
  };
}
