# i3lock, which may look at passwords.
{ config, lib, pkgs, ... }:
let
  inherit (import ../../option-kinds.nix { inherit lib; }) flag;
  cfg = config.programs.i3lock;
in
{
  options.programs.i3lock = {
    enable = flag false "Whether i3lock locks screens.";
    package = lib.mkPackageOption pkgs "i3lock" { };
    u2fSupport = flag false "Whether a security key unlocks; not supported.";
  };
  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ];
    security.pam.services.i3lock = { };
  };
}
