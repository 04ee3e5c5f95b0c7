# xss-lock: starts a locker when the screen saver or logind want the screen locked.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag names;
  cfg = config.programs.xss-lock;
in
{
  options.programs.xss-lock = {
    enable = flag false "Whether xss-lock runs in sessions of X.";
    lockerCommand = mkOption {
      type = types.separatedString " ";
      default = "${pkgs.i3lock}/bin/i3lock";
      defaultText = lib.literalExpression ''"''${pkgs.i3lock}/bin/i3lock"'';
      description = "The command that locks the screen.";
    };
    extraOptions = names "Further arguments of xss-lock.";
  };
  config = lib.mkIf cfg.enable {
    programs.i3lock.enable = lib.mkDefault true;
    systemd.user.services.xss-lock = {
      description = "Lock of the screen";
      wantedBy = [ "graphical-session.target" ];
      partOf = [ "graphical-session.target" ];
      serviceConfig = {
        ExecStart = "${pkgs.xss-lock}/bin/xss-lock --session \${XDG_SESSION_ID} ${lib.escapeShellArgs cfg.extraOptions} -- ${cfg.lockerCommand}";
        Restart = "always";
      };
    };
  };
}
