# The X server, which is not part of `base`. What profiles of hardware say of it can be said.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag lines names;
  cfg = config.services.xserver;
  lacking = "the X server is not part of base yet. Set it to false";
in
{
  options.services.xserver = {
    enable = flag false "Whether the X server runs; not part of `base` yet.";
    videoDrivers = names "Drivers of the graphics, the first that fits is taken." // {
      default = [
        "modesetting"
        "fbdev"
      ];
    };
    dpi = mkOption {
      type = types.nullOr types.int;
      default = null;
      description = "Dots per inch of the screen.";
    };
    defaultDepth = mkOption {
      type = types.int;
      default = 0;
      description = "Bits of a colour; 0 leaves it to the driver.";
    };
    deviceSection = lines "Lines for the section `Device` of the X server's configuration.";
    monitorSection = lines "Lines for the section `Monitor`.";
    screenSection = lines "Lines for the section `Screen`.";
    extraConfig = lines "Further sections.";
    xkb = {
      layout = mkOption {
        type = types.str;
        default = "us";
        description = "Layouts of the keyboard, with commas between them.";
      };
      variant = mkOption {
        type = types.str;
        default = "";
        description = "Variants of the layouts.";
      };
      options = mkOption {
        type = types.commas;
        default = "terminate:ctrl_alt_bksp";
        description = "Options of the keyboard.";
      };
      model = mkOption {
        type = types.str;
        default = "pc104";
        description = "The keyboard's model.";
      };
    };
    wacom.enable = flag false "Whether tablets of Wacom are set up.";
  };
  config.assertions = [
    {
      assertion = !cfg.enable;
      message = "services.xserver.enable: ${lacking}.";
    }
    {
      assertion = !(lib.elem "nvidia" cfg.videoDrivers);
      message = config.hardware.nvidia.notFree;
    }
  ];
}
