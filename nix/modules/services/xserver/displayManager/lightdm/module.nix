# LightDM: logs people in on the screen, or one without being asked.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  inherit (import ../../../../option-kinds.nix { inherit lib; }) flag lines;
  xserver = config.services.xserver;
  shared = config.services.displayManager;
  cfg = xserver.displayManager.lightdm;
  data = shared.sessionData;
  # It clears the environment, and asks for a display of its own choice.
  server = pkgs.writeScript "xserver-wrapper" ''
    #!${pkgs.runtimeShell}
    ${lib.toShellVars config.systemd.services.display-manager.environment}
    exec ${xserver.displayManager.xserverBin} ${toString xserver.displayManager.xserverArgs} "$@"
  '';
  setup = pkgs.writeScript "lightdm-display-setup" ''
    #!${pkgs.runtimeShell}
    ${xserver.displayManager.setupCommands}
  '';
in
{
  options.services.xserver.displayManager.lightdm = {
    enable = flag false "Whether LightDM logs people in.";
    greeter = {
      enable = flag true "Whether somebody asks for a name and a password.";
      package = mkOption {
        type = types.package;
        default = pkgs.debian.lightdm-gtk-greeter;
        defaultText = lib.literalExpression "pkgs.debian.lightdm-gtk-greeter";
        description = "Who asks.";
      };
      name = mkOption {
        type = types.str;
        default = "lightdm-gtk-greeter";
        description = "Its name in `share/xgreeters`.";
      };
    };
    greeters.gtk.enable = flag true "Whether the greeter is that of GTK.";
    background = mkOption {
      type = types.either types.path types.str;
      default = "#000000";
      description = "Picture or colour behind it.";
    };
    autoLogin.timeout = mkOption {
      type = types.int;
      default = 0;
      description = "Seconds before an automatic login.";
    };
    extraConfig = lines "Lines for the section `LightDM`.";
    extraSeatDefaults = lines "Lines for the section of all seats.";
  };
  config = lib.mkIf (cfg.enable && xserver.enable) {
    assertions = [
      {
        assertion = shared.autoLogin.enable -> data.autologinSession != null || data.lacksDesktop;
        message = "services.displayManager.autoLogin: there is no session; enable a window manager, such as services.xserver.windowManager.icewm.enable.";
      }
      {
        assertion = cfg.greeter.enable || shared.autoLogin.enable && cfg.autoLogin.timeout == 0;
        message = "services.xserver.displayManager.lightdm.greeter.enable: without it somebody must be logged in automatically, at once.";
      }
    ];
    services.displayManager.generic = {
      enable = true;
      # It starts itself by its name.
      execCmd = ''
        export PATH=${pkgs.lightdm}/bin:$PATH
        exec ${pkgs.lightdm}/bin/lightdm
      '';
      environment.XDG_DATA_DIRS = "${data.desktops}/share:/usr/share";
    };
    systemd.services.display-manager.serviceConfig = {
      BusName = "org.freedesktop.DisplayManager";
      IgnoreSIGPIPE = false;
      KeyringMode = "shared";
      KillMode = "mixed";
    };
    environment.etc = {
      "lightdm/lightdm.conf".text = ''
        [LightDM]
        minimum-vt=1
        ${lib.optionalString cfg.greeter.enable ''
          greeter-user=lightdm
          greeters-directory=${cfg.greeter.package}/share/xgreeters
        ''}
        sessions-directory=${data.desktops}/share/xsessions:${data.desktops}/share/wayland-sessions
        ${cfg.extraConfig}

        [Seat:*]
        xserver-command=${server}
        session-wrapper=${data.wrapper}
        ${lib.optionalString cfg.greeter.enable "greeter-session=${cfg.greeter.name}"}
        ${lib.optionalString (shared.defaultSession != null) "user-session=${shared.defaultSession}"}
        ${lib.optionalString shared.autoLogin.enable ''
          autologin-user=${shared.autoLogin.user}
          autologin-user-timeout=${toString cfg.autoLogin.timeout}
          autologin-session=${toString data.autologinSession}
        ''}
        ${lib.optionalString (xserver.displayManager.setupCommands != "") "display-setup-script=${setup}"}
        ${cfg.extraSeatDefaults}
      '';
      "dbus-1/system.d/org.freedesktop.DisplayManager.conf".source =
        "${pkgs.lightdm}/etc/dbus-1/system.d/org.freedesktop.DisplayManager.conf";
      "lightdm/users.conf".text = ''
        [UserList]
        minimum-uid=1000
        hidden-users=${toString shared.hiddenUsers}
        hidden-shells=/run/current-system/sw/bin/nologin
      '';
    };
    environment.systemPackages = [ pkgs.lightdm ];
    system.usrPackages = [ pkgs.lightdm ];
    users.users.lightdm = {
      isSystemUser = true;
      group = "lightdm";
      home = "/var/lib/lightdm";
      uid = config.ids.uids.lightdm or 78;
    };
    users.groups.lightdm.gid = config.ids.gids.lightdm or 78;
    systemd.tmpfiles.rules = [
      "d /run/lightdm 0711 lightdm lightdm -"
      "d /var/cache/lightdm 0711 root lightdm -"
      "d /var/lib/lightdm 0750 lightdm lightdm -"
      "d /var/lib/lightdm/data 0750 lightdm lightdm -"
      "d /var/lib/lightdm-data 1775 lightdm lightdm -"
      "d /var/log/lightdm 0711 root lightdm -"
    ];
    security.pam.services = {
      lightdm.text = ''
        auth substack login
        account include login
        password substack login
        session include login
      '';
      lightdm-greeter.text = ''
        auth required pam_succeed_if.so quiet user = lightdm
        auth optional pam_permit.so
        account required pam_succeed_if.so quiet user = lightdm
        account sufficient pam_unix.so
        password required pam_deny.so
        session required pam_succeed_if.so quiet user = lightdm
        session required pam_env.so conffile=/etc/pam/environment readenv=0
        session optional pam_systemd.so
        session optional pam_permit.so
      '';
      lightdm-autologin.text = ''
        auth requisite pam_nologin.so
        auth required pam_succeed_if.so uid >= 1000 quiet
        auth required pam_permit.so
        account sufficient pam_unix.so
        password requisite pam_unix.so nullok yescrypt
        session include login
      '';
    };
  };
}
