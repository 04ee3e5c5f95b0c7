# iftop for all users.
{ config, lib, pkgs, ... }:
{
  options.programs.iftop.enable = lib.mkEnableOption "iftop for all users";
  config = lib.mkIf config.programs.iftop.enable {
    environment.systemPackages = [ pkgs.iftop ];
    security.wrappers.iftop = {
      owner = "root";
      group = "root";
      capabilities = "cap_net_raw+p";
      source = "${pkgs.iftop}/bin/iftop";
    };
  };
}
