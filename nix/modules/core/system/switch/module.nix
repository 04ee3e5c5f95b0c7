# Whether and how a running machine can be switched to another configuration.
{ lib, ... }:
let
  inherit (lib) mkOption types;
in
{
  options.system.switch = {
    enable = mkOption {
      type = types.bool;
      default = true;
      description = "Whether the machine can be switched to another configuration while it runs.";
    };
    inhibitors = mkOption {
      type = types.attrsOf types.raw;
      default = { };
      description = "Values whose change asks for a reboot instead of a switch.";
    };
  };
  options.system.preSwitchChecks = mkOption {
    type = types.attrsOf types.str;
    default = { };
    description = "Shell code that must succeed before the machine is switched.";
  };
}
