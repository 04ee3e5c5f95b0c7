# Tools to set up and mend a machine by hand.
{ pkgs, ... }:
{
  environment.systemPackages = [
    pkgs.cryptsetup
    pkgs.dosfstools
    pkgs.gptfdisk
    pkgs.nano
    pkgs.parted
    pkgs.pciutils
    pkgs.rsync
    pkgs.screen
    pkgs.socat
  ];
}
