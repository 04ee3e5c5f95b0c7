{ pkgs, ... }:
let
  site = name: pkgs.writeTextDir "index.html" "this is ${name}\n";
in
{
  name = "web";
  nodes.server = {
    networking.firewall.allowedTCPPorts = [ 80 ];
    services.nginx = {
      enable = true;
      package = pkgs.nginx;
      recommendedProxySettings = true;
      virtualHosts."a.test" = {
        root = site "a";
        default = true;
      };
      virtualHosts."b.test" = {
        serverAliases = [ "www.b.test" ];
        root = site "b";
        locations."/app/".proxyPass = "http://127.0.0.1:8000/";
        locations."/old".return = "301 /new";
      };
    };
    systemd.services.app = {
      wantedBy = [ "multi-user.target" ];
      serviceConfig.DynamicUser = true;
      serviceConfig.WorkingDirectory = site "app";
      script = "exec ${pkgs.python3}/bin/python3 -m http.server --bind 127.0.0.1 8000";
    };
  };
  nodes.client = {
    environment.systemPackages = [ pkgs.curl ];
  };
  testScript = ''
    start_all()
    server.wait_for_unit("nginx.service")
    server.wait_for_open_port(80)
    server.wait_for_open_port(8000)
    client.succeed("curl -fsS http://server/ | grep 'this is a'")
    client.succeed("curl -fsS -H 'Host: www.b.test' http://server/ | grep 'this is b'")
    client.succeed("curl -fsS -H 'Host: b.test' http://server/app/ | grep 'this is app'")
    client.succeed("curl -sS -o /dev/null -w '%{http_code} %{redirect_url}' -H 'Host: b.test' http://server/old | grep '301 http://b.test/new'")
    server.succeed("systemctl reload nginx")
    server.succeed("ps -o user= -C nginx | grep nginx")
    client.succeed("curl -fsS http://server/")
  '';
}
