# mtr for all users.
{ config, lib, pkgs, ... }:
{
  options.programs.mtr.enable = lib.mkEnableOption "mtr for all users";
  config = lib.mkIf config.programs.mtr.enable {
    environment.systemPackages = [ pkgs.mtr ];
    security.wrappers.mtr-packet = {
      owner = "root";
      group = "root";
      capabilities = "cap_net_raw+p";
      source = "${pkgs.mtr}/bin/mtr-packet";
    };
  };
}
