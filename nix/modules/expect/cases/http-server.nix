{ pkgs, ... }:
{
  boot.isContainer = true;
  networking.hostName = "server";
  networking.firewall.allowedTCPPorts = [ 8080 ];
  systemd.services.http-server = {
    wantedBy = [ "multi-user.target" ];
    script = "${pkgs.python3}/bin/python3 -m http.server 8080";
  };
}
