# Which node this is, and how it is run.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
in
{
  options = {
    virtualisation = {
      test.nodeName = mkOption {
        type = types.str;
        internal = true;
        description = "Name of the node in the test.";
      };
      test.nodeNumber = mkOption {
        type = types.int;
        internal = true;
        description = "Position of the node's name, from 1; part of its addresses.";
      };
      backend = mkOption {
        type = types.enum [ "vm" "container" ];
        default = if config.virtualisation.needs == [ ] then "container" else "vm";
        defaultText = lib.literalExpression ''if virtualisation.needs == [ ] then "container" else "vm"'';
        description = "Whether the node is a container or a virtual machine.";
      };
      reachesHost = mkOption {
        type = types.bool;
        internal = true;
        default = false;
        description = "Whether a virtual machine has an address in QEMU's network for users.";
      };
      needs = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Why the node needs a virtual machine, in words; nothing when a container does.";
      };
    };
    testing = {
      backdoor = mkOption {
        type = types.bool;
        default = true;
        description = "Whether the driver's agent runs in the node.";
      };
      initrdBackdoor = mkOption {
        type = types.bool;
        default = false;
        description = "Whether the driver's agent runs in the initrd, too.";
      };
    };
  };
}
