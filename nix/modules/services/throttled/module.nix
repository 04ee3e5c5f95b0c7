# A program that lifts limits which the firmware of some laptops sets.
{ config, lib, ... }:
let
  cfg = config.services.throttled;
in
{
  options.services.throttled = {
    enable = lib.mkEnableOption "throttled, which lifts limits that the firmware of some laptops sets";
    extraConfig = lib.mkOption {
      type = lib.types.str;
      default = "";
      description = "Its configuration.";
    };
  };
  # Profiles of hardware set it for whole families of machines, which work without.
  config.warnings =
    lib.optional cfg.enable
      "services.throttled.enable: Debian has no throttled, so the processor keeps the limits of its firmware. Set it to false to be rid of this warning.";
}
