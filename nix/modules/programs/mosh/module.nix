# mosh: a remote shell that survives changes of the network.
{ config, lib, pkgs, ... }:
let
  inherit (import ../../option-kinds.nix { inherit lib; }) flag;
  cfg = config.programs.mosh;
in
{
  options.programs.mosh = {
    enable = lib.mkEnableOption "mosh, a remote shell that survives changes of the network";
    package = lib.mkPackageOption pkgs "mosh" { };
    openFirewall = flag true "Whether the firewall lets its sessions in.";
  };
  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ];
    networking.firewall.allowedUDPPortRanges = lib.optional cfg.openFirewall {
      from = 60000;
      to = 61000;
    };
  };
}
