# Sessions of X: every window manager alone, every desktop alone, and each of these with each of those.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  inherit (import ../../../option-kinds.nix { inherit lib; }) lines names;
  cfg = config.services.xserver.displayManager;
  shared = config.services.displayManager;
  systemctl = "${config.systemd.package}/bin/systemctl --user";
  none = {
    name = "none";
    start = "";
  };
  managing = kind: lib.filter (s: s.manage == kind) cfg.session;
  withNone = list: if lib.any (s: s.name == "none") list then list else [ none ] ++ list;
  pairs = lib.filter (pair: pair.dm.name != "none" || pair.wm.name != "none") (
    lib.concatMap (dm: map (wm: { inherit dm wm; }) (withNone (managing "window"))) (withNone (managing "desktop"))
  );
  session =
    { dm, wm }:
    let
      parts = lib.optional (wm.name != "none") wm.name;
      name = lib.concatStringsSep "+" ([ dm.name ] ++ parts);
      program = pkgs.writeScript "xsession-${name}" ''
        #!${pkgs.runtimeShell}
        ${wm.start}
        ${dm.start}
        ${lib.optionalString config.services.xserver.updateDbusEnvironment ''
          ${pkgs.dbus}/bin/dbus-update-activation-environment --systemd --all
        ''}
        test -n "$waitPID" && wait "$waitPID"
        ${systemctl} stop nixos-fake-graphical-session.target
        exit 0
      '';
    in
    pkgs.writeTextFile {
      name = "${name}-xsession";
      destination = "/share/xsessions/${name}.desktop";
      text = ''
        [Desktop Entry]
        Version=1.0
        Type=XSession
        TryExec=${program}
        Exec=${program}
        Name=${name}
        DesktopNames=${lib.concatStringsSep ";" (dm.desktopNames or [ name ])}
      '';
    }
    // {
      providedSessions = [ name ];
    };
  # Every session runs below this: the person's own settings, what user units need to know of it, the target of
  # graphical sessions.
  wrapper = pkgs.writeScript "xsession-wrapper" ''
    #!${pkgs.runtimeShell}
    . /etc/profile
    for file in ~/.profile ~/.xprofile; do
      [ ! -f "$file" ] || . "$file"
    done
    cd "$HOME"
    ${lib.optionalString shared.logToJournal ''
      if [ -z "$FIRN_SESSION_IS_LOGGED" ]; then
        export FIRN_SESSION_IS_LOGGED=1
        exec ${config.systemd.package}/bin/systemd-cat -t xsession "$0" "$@"
      fi
    ''}
    ${lib.optionalString shared.logToFile "exec > ~/.xsession-errors 2>&1"}
    unset FIRN_SESSION_IS_LOGGED
    for file in ~/.Xresources ~/.Xdefaults; do
      [ ! -e "$file" ] || ${pkgs.debian.x11-xserver-utils}/bin/xrdb -merge "$file"
    done
    ${systemctl} import-environment ${toString cfg.importedVariables}
    ${cfg.sessionCommands}
    ${systemctl} start nixos-fake-graphical-session.target
    [ ! -x ~/.xsession ] || exec ~/.xsession "$@"
    eval exec "$@"
  '';
in
{
  options.services.xserver.displayManager = {
    xserverBin = mkOption {
      type = types.path;
      internal = true;
      description = "The X server's program.";
    };
    xserverArgs = names "Arguments of the X server.";
    setupCommands = lines "Shell commands after the X server has started.";
    sessionCommands = lines "Shell commands before a session begins.";
    session = mkOption {
      type = types.listOf types.attrs;
      default = [ ];
      description = "Sessions: `manage` (`window` or `desktop`), `name`, and `start`, shell commands that set `waitPID`.";
    };
    importedVariables = names "Variables that user units get." // {
      visible = false;
    };
  };
  config = lib.mkIf config.services.xserver.enable {
    services.displayManager = {
      sessionData.wrapper = wrapper;
      sessionPackages = map session pairs;
    };
    services.xserver.displayManager.importedVariables = [
      "DBUS_SESSION_BUS_ADDRESS"
      "DISPLAY"
      "XAUTHORITY"
      "XDG_SESSION_ID"
    ];
    systemd.user.targets.nixos-fake-graphical-session.unitConfig = {
      Description = "Graphical sessions that tell systemd nothing of themselves";
      BindsTo = "graphical-session.target";
    };
  };
}
