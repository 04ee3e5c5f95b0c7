# `firn options services.nginx` shows what can be set, `firn search NAME` finds packages.
{ pkgs, ... }:
{
  networking.hostName = "machine";
  networking.firewall.allowedTCPPorts = [ 80 ];

  environment.systemPackages = [ pkgs.curl ];

  services.nginx = {
    enable = true;
    virtualHosts.localhost.root = pkgs.writeTextDir "index.html" "It works.\n";
  };

  users.users.alice = {
    isNormalUser = true;
    extraGroups = [ "wheel" ];
  };
}
