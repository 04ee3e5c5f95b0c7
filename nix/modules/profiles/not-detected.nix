# For hardware that nobody looked at: with the firmware that may be given on.
{ lib, ... }:
{
  hardware.enableRedistributableFirmware = lib.mkDefault true;
}
