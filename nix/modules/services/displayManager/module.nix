# Display managers: who logs people in on screens, and which sessions there are to choose from.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag lines;
  cfg = config.services.displayManager;
  xserver = config.services.xserver;
  generic = cfg.generic;
  sessionNames = lib.concatMap (package: package.providedSessions) cfg.sessionPackages;
  desktops = pkgs.runCommand "desktops" { preferLocalBuild = true; } (
    "mkdir -p $out/share/xsessions $out/share/wayland-sessions\n"
    + lib.concatMapStrings (package: ''
      for kind in xsessions wayland-sessions; do
        for file in ${package}/share/$kind/*.desktop; do
          [ ! -e "$file" ] || ln -sf "$file" $out/share/$kind/
        done
      done
    '') cfg.sessionPackages
  );
  # Sessions of desktops that base has not are missing, and their warning says why.
  desktopPaths = [
    [ "programs" ]
    [ "services" "desktopManager" ]
    [ "services" "xserver" "desktopManager" ]
    [ "services" "xserver" "windowManager" ]
  ];
  lacksDesktop = lib.any (definition: lib.any (path: lib.lists.hasPrefix path definition.prefix) desktopPaths) (
    config._module.inert ++ config._module.overlooked
  );
  autoLogin = types.submodule (
    { config, ... }:
    {
      options = {
        enable = flag (config.user != null) "Whether somebody is logged in without being asked.";
        user = mkOption {
          type = types.nullOr types.str;
          default = null;
          description = "Who.";
        };
      };
    }
  );
  unit =
    name: type: default: description:
    mkOption { inherit type default description; };
in
{
  imports =
    let
      moved =
        name: place:
        lib.mkRenamedOptionModule ([ "services" "xserver" "displayManager" ] ++ name) (
          [ "services" "displayManager" ] ++ place
        );
    in
    [
      (moved [ "autoLogin" ] [ "autoLogin" ])
      (moved [ "defaultSession" ] [ "defaultSession" ])
      (moved [ "hiddenUsers" ] [ "hiddenUsers" ])
      (moved [ "sessionPackages" ] [ "sessionPackages" ])
      (moved [ "job" "environment" ] [ "generic" "environment" ])
      (moved [ "job" "execCmd" ] [ "generic" "execCmd" ])
      (moved [ "job" "preStart" ] [ "generic" "preStart" ])
      (moved [ "job" "logToFile" ] [ "logToFile" ])
      (moved [ "job" "logToJournal" ] [ "logToJournal" ])
    ];
  options.services.displayManager = {
    enable = flag false "Whether there are sessions on screens.";
    hiddenUsers = mkOption {
      type = types.listOf types.str;
      default = [ "nobody" ];
      description = "Users that are not offered.";
    };
    logToFile = flag false "Whether sessions write to `~/.xsession-errors`.";
    logToJournal = flag true "Whether sessions write to the journal.";
    autoLogin = mkOption {
      type = autoLogin;
      default = { };
      description = "Who is logged in without being asked.";
    };
    defaultSession = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "none+icewm";
      description = "The session that is chosen at first, and by automatic logins.";
    };
    sessionPackages = mkOption {
      type = types.listOf types.package;
      default = [ ];
      description = "Packages with sessions, whose names are in their `providedSessions`.";
    };
    sessionData = mkOption {
      type = types.attrsOf types.raw;
      internal = true;
      default = { };
      description = "For display managers: `desktops`, `sessionNames`, whether base `lacksDesktop`s of the configuration, `autologinSession`, `wrapper`.";
    };
    otherIsEnabled = flag false "Whether a display manager other than the usual one is enabled." // {
      internal = true;
    };
    generic = {
      enable = flag false "Whether `display-manager.service` is made from these options." // {
        internal = true;
      };
      environment = unit "environment" (types.attrsOf types.str) { } "Its environment.";
      preStart = lines "Shell commands before it starts.";
      execCmd = unit "execCmd" types.lines "" "Shell commands that start it.";
    };
  };
  config = lib.mkMerge [
    {
      services.displayManager.sessionData = {
        inherit desktops lacksDesktop sessionNames;
        autologinSession =
          if cfg.defaultSession != null then cfg.defaultSession else lib.findFirst (_: true) null sessionNames;
      };
    }
    (lib.mkIf cfg.enable {
      assertions = [
        {
          assertion = cfg.autoLogin.enable -> cfg.autoLogin.user != null;
          message = "services.displayManager.autoLogin.enable: set services.displayManager.autoLogin.user as well.";
        }
        {
          assertion = cfg.defaultSession == null || lib.elem cfg.defaultSession sessionNames || lacksDesktop;
          message = "services.displayManager.defaultSession: there is no session '${toString cfg.defaultSession}'; ${
            if sessionNames == [ ] then
              "no desktop and no window manager is enabled, such as services.xserver.windowManager.icewm.enable"
            else
              "there are ${lib.concatStringsSep ", " sessionNames}"
          }.";
        }
      ];
    })
    (lib.mkIf generic.enable {
      # It is the one on the first terminal.
      systemd.services."autovt@tty1".enable = lib.mkDefault false;
      systemd.services.display-manager = {
        description = "Display Manager";
        after = [
          "acpid.service"
          "systemd-logind.service"
          "systemd-user-sessions.service"
          "getty@tty1.service"
          "user.slice"
        ];
        # It asks for seats first of all.
        wants = [ "systemd-logind.service" ];
        conflicts = [ "getty@tty1.service" ];
        wantedBy = lib.optional xserver.autorun "graphical.target";
        restartIfChanged = false;
        inherit (generic) environment preStart;
        script = generic.execCmd;
        unitConfig = {
          StartLimitIntervalSec = 30;
          StartLimitBurst = 3;
        };
        serviceConfig = {
          Restart = "always";
          RestartSec = "200ms";
          SyslogIdentifier = "display-manager";
        };
      };
    })
  ];
}
