{ lib, ... }:
{
  networking.hostName = lib.mkForce "other";
}
