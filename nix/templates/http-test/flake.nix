{
  description = "A web server as a systemd unit, and a client that fetches from it";

  # `base` is the distribution that firn brings along. With a network and a cache this can be
  # github:NixOS/nixpkgs as well: nothing below changes.
  inputs.nixpkgs.url = "base";

  outputs =
    { nixpkgs, ... }:
    let
      system = "x86_64-linux";
      pkgs = nixpkgs.legacyPackages.${system};
    in
    {
      checks.${system}.default = pkgs.nixosTest {
        name = "http-server";

        nodes.server = {
          networking.firewall.allowedTCPPorts = [ 8080 ];
          systemd.services.http-server = {
            wantedBy = [ "multi-user.target" ];
            script = "${pkgs.python3}/bin/python3 -m http.server 8080";
          };
        };

        nodes.client =
          { pkgs, ... }:
          {
            environment.systemPackages = [ pkgs.curl ];
          };

        testScript = ''
          start_all()
          server.wait_for_open_port(8080)
          client.succeed("curl --fail --silent http://server:8080/ | grep 'Directory listing'")
        '';
      };
    };
}
