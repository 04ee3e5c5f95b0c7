{ lib, ... }:
{
  imports = [ ./conflict.other.nix ];
  networking.hostName = lib.mkForce "mine";
}
