{ pkgs, ... }:
{
  name = "router";
  nodes.inside = {
    virtualisation.vlans = [ 1 ];
    networking.defaultGateway = "192.168.1.3";
    networking.firewall.allowedTCPPorts = [ 80 ];
    services.nginx.enable = true;
    services.nginx.virtualHosts.default.root = pkgs.writeTextDir "index.html" "inside\n";
  };
  nodes.outside = {
    virtualisation.vlans = [ 2 ];
    networking.firewall.allowedTCPPorts = [ 80 ];
    services.nginx.enable = true;
    services.nginx.virtualHosts.default.locations."/".return = "200 $remote_addr";
  };
  nodes.router = {
    virtualisation.vlans = [
      1
      2
    ];
    networking.interfaces.eth2.ipv4.addresses = [
      {
        address = "10.1.2.3";
        prefixLength = 24;
      }
    ];
    networking.nat = {
      enable = true;
      internalInterfaces = [ "eth1" ];
      externalInterface = "eth2";
      forwardPorts = [
        {
          sourcePort = 8080;
          destination = "192.168.1.1:80";
        }
      ];
    };
  };
  testScript = ''
    start_all()
    for machine in [inside, outside]:
        machine.wait_for_open_port(80)
    router.wait_for_unit("multi-user.target")
    router.succeed("ip -4 address show dev eth2 | grep 10.1.2.3/24")
    outside_address = outside.succeed("ip -4 -o address show dev eth1 | grep -o '192.168.2[.0-9]*' | head -1").strip()
    seen = inside.succeed(f"curl -fsS --max-time 10 http://{outside_address}/").strip()
    assert seen in ["192.168.2.3", "10.1.2.3"], f"outside saw {seen}"
    outside.succeed("curl -fsS --max-time 10 http://192.168.2.3:8080/ | grep inside")
  '';
}
