# The text console.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.console;
in
{
  options.console = {
    enable = mkOption {
      type = types.bool;
      default = true;
      description = "Whether there are text consoles.";
    };
    keyMap = mkOption {
      type = types.either types.str types.path;
      default = "us";
      description = "Keyboard layout.";
    };
    font = mkOption {
      type = types.nullOr (types.either types.str types.path);
      default = null;
      description = "Font.";
    };
    colors = mkOption {
      type = types.listOf (types.strMatching "[[:xdigit:]]{6}");
      default = [ ];
      description = "The sixteen colours.";
    };
    packages = mkOption {
      type = types.listOf types.package;
      default = [ ];
      description = "Packages with fonts and layouts.";
    };
    useXkbConfig = mkOption {
      type = types.bool;
      default = false;
      description = "Whether the layout is the X server's.";
    };
    earlySetup = mkOption {
      type = types.bool;
      default = false;
      description = "Whether the console is set up in the initial file system.";
    };
  };
  config = lib.mkIf cfg.enable {
    environment.etc."vconsole.conf".text =
      "KEYMAP=${cfg.keyMap}\n" + lib.optionalString (cfg.font != null) "FONT=${cfg.font}\n";
  };
}
