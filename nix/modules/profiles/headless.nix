# A machine without screen: it reports on a serial line, and starts again after a fatal error.
{ lib, ... }:
{
  boot.vesa = lib.mkDefault false;
  boot.kernelParams = [
    "panic=1"
    "boot.panic_on_fail"
  ];
  systemd.enableEmergencyMode = lib.mkDefault false;
  boot.loader.grub.splashImage = lib.mkDefault null;
}
