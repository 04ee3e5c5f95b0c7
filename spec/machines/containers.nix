# Containers beside the machine, with each way to reach them.
{
  networking.bridges.br0.interfaces = [ ];
  containers.database = {
    autoStart = true;
    privateNetwork = true;
    hostAddress = "192.168.100.10";
    localAddress = "192.168.100.11";
    config =
      { pkgs, ... }:
      {
        services.postgresql.enable = true;
        services.postgresql.package = pkgs.postgresql;
        system.stateVersion = "25.05";
      };
  };
  containers.web = {
    privateNetwork = true;
    hostBridge = "br0";
    localAddress = "192.168.101.2/24";
    forwardPorts = [ { hostPort = 8080; containerPort = 80; } ];
    bindMounts."/srv/www".hostPath = "/srv/www";
    ephemeral = true;
    config.services.nginx.enable = true;
  };
}
