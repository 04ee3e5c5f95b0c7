# Window managers, each a session of its own.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  inherit (import ../../../option-kinds.nix { inherit lib; }) flag lines;
  cfg = config.services.xserver.windowManager;
  waited = command: "${command} &\nwaitPID=$!\n";
  managers = {
    icewm = {
      command = "${pkgs.icewm}/bin/icewm-session";
      packages = [ pkgs.icewm ];
    };
    openbox = {
      command = "${pkgs.openbox}/bin/openbox-session";
      packages = [ pkgs.openbox ];
    };
    twm = {
      command = "${pkgs.debian.twm}/bin/twm";
      packages = [ pkgs.debian.twm ];
    };
    i3 = {
      command = "${cfg.i3.package}/bin/i3${lib.optionalString (cfg.i3.configFile != null) " -c ${cfg.i3.configFile}"}";
      packages = [ cfg.i3.package ] ++ cfg.i3.extraPackages;
      before = cfg.i3.extraSessionCommands;
    };
  };
  enabled = lib.filterAttrs (name: _: cfg.${name}.enable) managers;
in
{
  options.services.xserver.windowManager =
    lib.mapAttrs (name: _: { enable = flag false "Whether ${name} manages windows."; }) (
      removeAttrs managers [ "i3" ]
    )
    // {
      session = mkOption {
        type = types.listOf types.attrs;
        default = [ ];
        internal = true;
        description = "Window managers: `name` and `start`, shell commands that set `waitPID`.";
      };
      i3 = {
        enable = flag false "Whether i3 manages windows.";
        package = lib.mkPackageOption pkgs "i3" { };
        configFile = mkOption {
          type = types.nullOr types.path;
          default = null;
          description = "i3's configuration; null leaves it to the user.";
        };
        extraSessionCommands = lines "Shell commands before i3 starts.";
        extraPackages = mkOption {
          type = types.listOf types.package;
          default = [
            pkgs.dmenu
            pkgs.i3status
          ];
          defaultText = lib.literalExpression "[ pkgs.dmenu pkgs.i3status ]";
          description = "Programs that come with it.";
        };
        updateSessionEnvironment = flag true "Whether services of D-Bus get the session's environment.";
      };
    };
  config = lib.mkMerge [
    {
      services.xserver.windowManager.session = lib.mapAttrsToList (name: manager: {
        inherit name;
        start = (manager.before or "") + waited manager.command;
      }) enabled;
      services.xserver.displayManager.session = map (s: s // { manage = "window"; }) cfg.session;
      environment.systemPackages = lib.concatMap (manager: manager.packages) (lib.attrValues enabled);
      system.usrPackages = lib.concatMap (manager: manager.packages) (lib.attrValues enabled);
    }
    (lib.mkIf cfg.icewm.enable {
      # Debian's looks here, and NixOS' one level above.
      systemd.tmpfiles.settings.icewm."/etc/X11/icewm"."L+".argument = "/etc/icewm";
    })
    (lib.mkIf cfg.i3.enable { programs.i3lock.enable = lib.mkDefault true; })
  ];
}
